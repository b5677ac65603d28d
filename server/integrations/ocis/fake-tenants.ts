import type { StepPlan, StepPlanner } from '#server/provisioning/step-planner.port'
import type { DesiredMember, DesiredTenant } from './desired.ts'

// Tenants, plans and cuts, for the tests of this integration.

const never = new AbortController().signal
let made = 0

/** A UUID of its own for each call. */
const uuid = () => `018f0000-0000-7000-8000-${String((made += 1)).padStart(12, '0')}`

export function newTenant(change: Partial<DesiredTenant> = {}): DesiredTenant {
  return {
    id: uuid(),
    slug: 'acme',
    name: 'Acme',
    state: 'active',
    storageBytes: 1_000_000_000,
    mailboxBytes: 0,
    domains: [],
    members: [],
    ...change,
  }
}

export function newMember(email: string | null, role: DesiredMember['role'] = 'member'): DesiredMember {
  return {
    userId: uuid(),
    email,
    name: email ?? 'Nobody',
    role,
    mailbox: null,
    locale: null,
  } as DesiredMember
}

/** Makes all changes of a plan, in their order, those left out that are refused. */
export async function applyAll({ changes }: StepPlan, signal = never): Promise<void> {
  for (const change of changes) {
    if (change.action !== 'refuse') await change.apply(signal)
  }
}

/** Plans and applies until nothing is left, twice at most. @returns the last plan */
export async function settle(
  planner: StepPlanner,
  tenant: DesiredTenant,
  known: string | null = null,
): Promise<StepPlan> {
  let externalId = known
  for (let round = 0; round < 2; round++) {
    await applyAll(await planner.plan(tenant, { externalId }, never))
    externalId = (await planner.plan(tenant, { externalId }, never)).resources[0]?.externalId ?? null
  }
  return planner.plan(tenant, { externalId }, never)
}

/**
 * A fetch that is cut at one call, counted from when it is armed: `before` it is sent, or `after` it was answered.
 *
 * @param at 0 is the first call
 */
export function cuttingFetch(at: number, moment: 'before' | 'after') {
  let left = Number.POSITIVE_INFINITY
  const cut = () => Object.assign(new TypeError('fetch failed'), { code: 'ECONNRESET' })
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const isCut = left === 0
    left -= 1
    if (isCut && moment === 'before') throw cut()
    const response = await globalThis.fetch(input, init)
    if (!isCut) return response
    await response.arrayBuffer()
    throw cut()
  }
  return { fetch, arm: () => void (left = at) }
}

/** A fetch whose first reads (GET) wait for one another, until so many have their answer. */
export function meetingFetch(readers: number): typeof globalThis.fetch {
  let reached = () => {}
  const all = new Promise<void>((resolve) => (reached = resolve))
  let waiting = 0
  return async (input, init) => {
    const response = await globalThis.fetch(input, init)
    if (init?.method !== 'GET') return response
    waiting += 1
    if (waiting === readers) reached()
    await all
    return response
  }
}

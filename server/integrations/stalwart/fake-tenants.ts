import { IntegrationError } from '#server/lib/errors'
import { newId } from '#server/lib/ids'
import type {
  DesiredMember as Member,
  DesiredTenant as Tenant,
  StepPlan,
  StepPlanner,
} from '#server/provisioning/step-planner.port'

export type { Member, Tenant }

/** Of a planner that knows nothing from before. */
export const known = { externalId: null }

/** Somebody with a mailbox. */
export const member = (mailbox: string, name = mailbox): Member => ({
  userId: newId(),
  email: null,
  name,
  role: 'member',
  locale: null,
  mailbox,
})

/** A tenant with one domain and two members, but for what is given. */
export const newTenant = (part: Partial<Tenant> = {}): Tenant => ({
  id: newId(),
  slug: 'acme',
  name: 'Acme',
  state: 'active',
  storageBytes: 1,
  mailboxBytes: 1_000_000,
  domains: ['acme.example'],
  members: [member('ada', 'Ada'), member('bob', 'Bob')],
  ...part,
})

/** What makes a domain a tenant's. */
export const stampOf = ({ id }: Pick<Tenant, 'id'>): string => `tenantry:${id}`

/** The changes of a plan, in words. */
export const summary = ({ changes }: StepPlan): string[] =>
  changes.map(({ action, kind, name }) => `${action} ${kind} ${name}`)

/** Makes all changes of a plan that can be made, in their order. */
export async function applyAll(plan: StepPlan, signal: AbortSignal): Promise<void> {
  for (const change of plan.changes) if (change.action !== 'refuse') await change.apply(signal)
}

/** As `applyAll`; what a server is still at is asked for again, as the engine does. */
export async function applyPatiently({ changes }: StepPlan, signal: AbortSignal): Promise<void> {
  const isNotYet = (error: unknown) => error instanceof IntegrationError && error.kind === 'not_yet'
  for (const change of changes.filter(({ action }) => action !== 'refuse')) {
    for (let left = 60, isDone = false; !isDone; left--) {
      isDone = await change.apply(signal).then(
        () => true,
        (error: unknown) => {
          if (left === 0 || !isNotYet(error)) throw error
          return false
        },
      )
    }
  }
}

/**
 * Plans and applies each step in turn.
 *
 * @returns what was planned, refusals among it
 */
export async function bringAbout(
  steps: readonly StepPlanner[],
  tenant: Tenant,
  signal: AbortSignal,
): Promise<string[]> {
  const planned: string[] = []
  for (const step of steps) {
    const plan = await step.plan(tenant, known, signal)
    await applyAll(plan, signal)
    planned.push(...summary(plan))
  }
  return planned
}

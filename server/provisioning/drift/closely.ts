import type { DatabaseClient } from '#server/storage/database'
import { untilCut } from '../attempt'
import { anyConnected } from '../connected/connected.store'
import { platformServices, type TenantServices } from '../connected/tenant-services'
import { readDesired } from '../desired.store'
import type { Gate } from '../gates'
import { digestOfChange } from '../plan-hash'
import type { Change, DesiredTenant, StepPlanner } from '../step-planner.port'
import { stepKey, tenantSteps, type StepName } from '../steps'
import { plain, type Drifted } from './compare'
import { longestUnseen, markSeen, settledOf, type SettledStep } from './closely.store'
import { endUnseenOf, writeDrift } from './found.store'
import { along, behind, restingUntil } from './place'
import { failureOf, isFinal, retryDelayOf, type Sweeping } from './sweeping'
import type { Progress, SweepClaim } from './sweeps.store'

const daySeconds = 86_400
/** So many tenants are looked at side by side. */
const atOnce = 8

/**
 * How many tenants one sweep has to look at, so that all are looked at within a day, also where one of its sweeps comes
 * late.
 *
 * @param everySeconds 0: sweeps are asked for by hand, and look at all
 */
export function closelyPerSweep(tenants: number, everySeconds: number): number {
  if (everySeconds === 0) return tenants
  const sweeps = Math.max(1, Math.floor(daySeconds / everySeconds) - 1)
  return Math.ceil(tenants / sweeps)
}

/** One step of one tenant, and what would be changed of it. */
interface Look extends SettledStep {
  readonly changes?: readonly Change[]
  readonly error?: unknown
}

/** What is looked at closely of one tenant. */
interface Subject {
  readonly tenantId: string
  readonly planners: readonly StepPlanner[]
  readonly gate: (service: StepPlanner['service']) => Gate
}

/** What no survey shows, and all that is at services of the tenant's own. */
function subjectOf(tenantId: string, { planners, gate, placeOf }: TenantServices): Subject {
  const close = planners.filter(({ service, survey }) => survey === undefined || placeOf(service) !== null)
  return { tenantId, planners: close, gate }
}

/**
 * Plans what no survey shows, such as who is in a space, and whatever is at a tenant's own service, for the tenants that were not looked at for the longest time;
 * some of them, until it is the turn of no other. Changes nothing.
 */
export async function lookClosely(claim: SweepClaim, work: Sweeping): Promise<SweepClaim> {
  const { database, clock, planners, store, everySeconds } = work
  const { place } = claim
  const since = new Date(place.track?.since ?? 0)
  const isAny = planners.some(({ survey }) => survey === undefined) || (await anyConnected(database.client))
  const left = place.left ?? closelyPerSweep(await database.client.tenant.count(), everySeconds)
  const ids = isAny && left > 0 ? await longestUnseen(database.client, since, Math.min(left, atOnce)) : []
  if (ids.length === 0) return store.advance(claim, () => Promise.resolve({ place: behind(place) }))

  const askedAt = clock.now()
  const { servicesOf = () => Promise.resolve(platformServices(work)) } = work
  const subjects = await Promise.all(ids.map(async (id) => subjectOf(id, await servicesOf(id))))
  const steps = tenantSteps.filter((step) =>
    subjects.some((one) => one.planners.some((planner) => stepKey(planner) === stepKey(step))),
  )
  const settled = await settledOf(database.client, ids, steps)
  const looks = (await Promise.all(subjects.map((one) => lookAt(one, settled, work)))).flat()
  const failed = looks.filter(({ error }) => error !== undefined)
  return store.advance(claim, async (tx, now) => {
    const drifted = await writeLooks(tx, looks, { ids, steps, askedAt, now })
    const { seen, progress } = afterLooks(claim, ids, left, failed, work)
    await markSeen(tx, seen, now)
    return { ...progress, tenants: seen.length, drifted }
  })
}

async function lookAt(
  { tenantId, planners, gate }: Subject,
  settled: readonly SettledStep[],
  work: Sweeping,
): Promise<Look[]> {
  const mine = settled.filter((step) => step.tenantId === tenantId)
  const tenant = mine.length > 0 ? await readDesired(work.database.client, tenantId) : null
  if (!tenant) return []
  return Promise.all(
    mine.flatMap((step) => {
      const planner = planners.find((one) => stepKey(one) === stepKey(step))
      return planner ? [lookAtStep(tenant, step, { planner, gate: gate(planner.service) }, work)] : []
    }),
  )
}

async function lookAtStep(
  tenant: DesiredTenant,
  step: SettledStep,
  { planner, gate }: { planner: StepPlanner; gate: Gate },
  work: Sweeping,
): Promise<Look> {
  const signal = AbortSignal.any([work.signal, AbortSignal.timeout(work.timeoutMs)])
  const { externalId } = step
  try {
    const plan = () => untilCut(() => planner.plan(tenant, { externalId }, signal), signal)
    const { changes } = await gate.run(plan, signal)
    return { ...step, changes }
  } catch (error) {
    work.signal.throwIfAborted()
    const about = { tenantId: tenant.id, step: stepKey(planner) }
    work.log.warn({ err: error, ...about }, 'a step could not be compared')
    return { ...step, error }
  }
}

async function writeLooks(
  tx: DatabaseClient,
  looks: readonly Look[],
  about: { ids: readonly string[]; steps: readonly StepName[]; askedAt: Date; now: Date },
): Promise<number> {
  const { ids, steps, askedAt, now } = about
  const still = new Set((await settledOf(tx, ids, steps, askedAt)).map(keyOf))
  let drifted = 0
  for (const step of steps) {
    const mine = looks.filter(
      (look) => stepKey(look) === stepKey(step) && look.changes && still.has(keyOf(look)),
    )
    const found = mine.flatMap(({ tenantId, changes = [] }) =>
      changes.map((change) => driftOf(tenantId, change)),
    )
    await writeDrift(tx, step, found, now)
    const tenantIds = mine.map(({ tenantId }) => tenantId)
    if (tenantIds.length > 0) await endUnseenOf(tx, step, now, tenantIds)
    drifted += found.length
  }
  return drifted
}

const keyOf = (step: SettledStep) => `${step.tenantId}/${stepKey(step)}`

/** Where a sweep goes on, and who counts as looked at: who failed comes again after a while, as a page does. */
function afterLooks(
  { place }: SweepClaim,
  ids: readonly string[],
  left: number,
  failed: readonly Look[],
  { clock, random }: Sweeping,
): { seen: string[]; progress: Progress } {
  const attempt = (place.track?.attempt ?? 0) + 1
  const delays = failed.map(({ error }) => retryDelayOf(error, attempt, random))
  const failedIds = new Set(failed.map(({ tenantId }) => tenantId))
  const waits = delays.filter((delay) => delay !== undefined)
  if (waits.length > 0) {
    const until = clock.now().getTime() + Math.max(...waits)
    const seen = ids.filter((id) => !failedIds.has(id))
    return { seen, progress: { place: restingUntil({ ...place, left: left - seen.length }, until) } }
  }
  // Who failed for good goes to the end of the row too, or nobody else would have their turn.
  const failures = Object.fromEntries(failed.map((look) => [stepKey(look), failureOf(look.error)]))
  const goesOn = failed.length === 0 || failed.every(({ error }) => isFinal(error))
  const next = { ...place, left: left - ids.length }
  return { seen: [...ids], progress: { place: goesOn ? along(next, {}) : behind(next), failures } }
}

function driftOf(tenantId: string, change: Change): Drifted {
  const { action } = change
  const [kind, name] = [plain(change.kind), plain(change.name)]
  const what = action === 'create' ? 'missing' : action === 'delete' ? 'unknown' : 'changed'
  const thing = `${tenantId}/${kind}/${name}`
  const found = digestOfChange(change)
  return { tenantId, thing, kind, name, externalId: null, what, expected: null, found }
}

import type { DatabaseClient } from '#server/storage/database'
import { readDesired } from '../desired.store'
import { digestOfChange } from '../plan-hash'
import type { Change, DesiredTenant, StepPlanner } from '../step-planner.port'
import { stepKey, tenantSteps } from '../steps'
import { stepsStore } from '../steps.store'
import type { Drifted } from './compare'
import { endUnseen, writeDrift } from './found.store'
import { behind, failureOf, type Sweeping } from './sweeping'
import type { SweepClaim } from './sweeps.store'

/** At most so many in one sweep. */
const mostTenants = 1_000
const daySeconds = 86_400
const lackingPage = 200

/** How many tenants one sweep has to look at, so that all are looked at within a day. */
export function closelyPerSweep(tenants: number, everySeconds: number): number {
  const interval = everySeconds === 0 ? daySeconds : Math.min(everySeconds, daySeconds)
  return Math.min(mostTenants, Math.ceil((tenants * interval) / daySeconds))
}

/**
 * Plans what no survey shows, such as who is in a space, for the tenant that was not looked at for the longest time.
 * One tenant at a time, until it is the turn of no other.
 */
export async function lookClosely(claim: SweepClaim, work: Sweeping): Promise<SweepClaim> {
  const { database, clock, planners, store, everySeconds } = work
  const { place } = claim
  const unseen = planners.filter(({ survey }) => survey === undefined)
  const since = new Date(place.since)
  const left = place.left ?? closelyPerSweep(await database.client.tenant.count(), everySeconds)
  const oldest =
    unseen.length === 0 || left <= 0
      ? null
      : await database.client.provisioningWork.findFirst({
          where: { OR: [{ checkedAt: null }, { checkedAt: { lt: since } }] },
          orderBy: [{ checkedAt: { sort: 'asc', nulls: 'first' } }, { tenantId: 'asc' }],
          select: { tenantId: true },
        })
  if (!oldest) return store.advance(claim, () => Promise.resolve({ place: behind(place) }))

  const { tenantId } = oldest
  const askedAt = clock.now()
  const tenant = await readDesired(database.client, tenantId)
  const looks = tenant ? await lookAt(tenant, unseen, work) : []
  return store.advance(claim, async (tx, now) => {
    let drifted = 0
    for (const { planner, changes } of looks) {
      if (!changes || !(await isSettled(tx, tenantId, planner, askedAt))) continue
      const found = changes.map((change) => driftOf(tenantId, change))
      await writeDrift(tx, planner, found, now)
      await endUnseen(tx, planner, now, tenantId)
      drifted += found.length
    }
    await tx.provisioningWork.updateMany({ where: { tenantId }, data: { checkedAt: now } })
    const failures = Object.fromEntries(
      looks.flatMap(({ planner, failure }) => (failure ? [[stepKey(planner), failure]] : [])),
    )
    return { place: { ...place, left: left - 1 }, tenants: 1, drifted, failures }
  })
}

interface Look {
  planner: StepPlanner
  changes?: readonly Change[]
  failure?: string
}

/** Plans the steps that are settled, without changing anything. */
async function lookAt(
  tenant: DesiredTenant,
  planners: readonly StepPlanner[],
  work: Sweeping,
): Promise<Look[]> {
  const steps = await work.database.client.provisioningStep.findMany({
    where: { tenantId: tenant.id, status: 'ok', nextAttemptAt: null },
  })
  const known = new Map(steps.map((step) => [stepKey(step), step]))
  return Promise.all(
    planners.flatMap((planner) => {
      const step = known.get(stepKey(planner))
      return step ? [lookAtStep(tenant, planner, step.externalId, work)] : []
    }),
  )
}

async function lookAtStep(
  tenant: DesiredTenant,
  planner: StepPlanner,
  externalId: string | null,
  work: Sweeping,
): Promise<Look> {
  const signal = AbortSignal.any([work.signal, AbortSignal.timeout(work.timeoutMs)])
  try {
    const plan = () => planner.plan(tenant, { externalId }, signal)
    const { changes } = await work.gate(planner.service).run(plan, signal)
    return { planner, changes }
  } catch (error) {
    work.signal.throwIfAborted()
    work.log.warn({ err: error, tenantId: tenant.id, step: stepKey(planner) }, 'a step could not be compared')
    return { planner, failure: failureOf(error) }
  }
}

async function isSettled(
  tx: DatabaseClient,
  tenantId: string,
  { service, step }: StepPlanner,
  askedAt: Date,
): Promise<boolean> {
  const where = {
    tenantId,
    service,
    step,
    status: 'ok',
    nextAttemptAt: null,
    updatedAt: { lt: askedAt },
  } as const
  return (await tx.provisioningStep.count({ where })) > 0
}

function driftOf(tenantId: string, change: Change): Drifted {
  const { kind, name, action } = change
  const what = action === 'create' ? 'missing' : action === 'delete' ? 'unknown' : 'changed'
  const found = digestOfChange(change)
  return {
    tenantId,
    thing: `${tenantId}/${kind}/${name}`,
    kind,
    name,
    externalId: null,
    what,
    expected: null,
    found,
  }
}

/** Has the tenants asked that lack a step, as those do that were made before there was one; a page of them. */
export async function askLacking(claim: SweepClaim, work: Sweeping): Promise<SweepClaim> {
  const { clock, store, wake } = work
  const { place } = claim
  let asked: string[] = []
  const advanced = await store.advance(claim, async (tx) => {
    const tenants = await tx.tenant.findMany({
      where: place.cursor === null ? {} : { id: { gt: place.cursor } },
      orderBy: { id: 'asc' },
      take: lackingPage,
      select: { id: true, _count: { select: { steps: true } } },
    })
    asked = tenants.filter(({ _count }) => _count.steps < tenantSteps.length).map(({ id }) => id)
    for (const id of asked) await stepsStore(tx, clock, id).ask('changed')
    const last = tenants.at(-1)
    return { place: last && tenants.length === lackingPage ? { ...place, cursor: last.id } : behind(place) }
  })
  for (const id of asked) wake(id)
  return advanced
}

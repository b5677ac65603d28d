import { addSeconds } from '#server/lib/clock'
import { newId } from '#server/lib/ids'
import type { Signals } from '#server/storage/signals'
import type { Log } from '#server/lib/log'
import { attemptStep, type AttemptMeans, type StepOutcome } from './attempt'
import { changedChannel } from './channels'
import { insist } from './insist'
import { keepLease, LeaseLost, type Lease } from './lease'
import type { DesiredTenant } from './step-planner.port'
import type { ServicesOf, TenantServices } from './connected/tenant-services'
import { stepKey } from './steps'
import type { BegunStep, Claim, WorkStore } from './work.store'

export interface PassMeans extends Omit<AttemptMeans, 'gate'> {
  store: WorkStore
  signals: Pick<Signals, 'publish'>
  /** Whom the tenant's steps are done at. */
  servicesOf: ServicesOf
  renewMs: number
  /** Runs writing work of this process when its turn comes, that of one tenant always one after the other. */
  inTurn: <Result>(tenantId: string, work: () => Promise<Result>) => Promise<Result>
  /** Whether new work may be begun. */
  mayBegin: () => boolean
  /** Aborts when what is under way has to end. */
  stopping: AbortSignal
}

/**
 * Works once on what is due for one tenant, independent steps side by side, and on what waits for them; one that fails
 * undoes no other. Does nothing where somebody else works on it or nothing is due. Where the lease is lost, it ends
 * without writing anything more.
 *
 * @throws what the database throws, again and again; the lease is then given back where that is possible, and the
 *   tenant is found again
 */
export async function runPass(tenantId: string, means: PassMeans): Promise<void> {
  const { store, signals, clock, log, renewMs: everyMs, mayBegin, stopping, inTurn } = means
  const passId = newId()
  let isAgain = false
  const take = async () => {
    if (!mayBegin()) return null
    const again = { isAgain }
    isAgain = true
    return store.claim(tenantId, passId, again)
  }
  // A claim may have been made though nobody heard of it, and would keep the tenant from everybody.
  const claim = await insist(() => inTurn(tenantId, take), { lease: noLease, stopping })
  if (!claim) return
  signals.publish(changedChannel, tenantId)
  if (claim.steps.length === 0) return

  const lease = keepLease({ until: claim.leaseUntil, renew: () => store.renew(claim), everyMs, clock, log })
  try {
    const signal = AbortSignal.any([stopping, lease.signal])
    // Read after the steps were begun: what changes later asks for them again.
    const pass = { claim, lease, signal, underWay: claim.steps.length, isReleased: false }
    await runSteps(claim.steps, await readGoal(pass, means), pass, means)
    if (!pass.isReleased) await insist(() => store.release(claim), { lease, stopping })
  } catch (error) {
    if (error instanceof LeaseLost)
      return log.warn({ tenantId, passId }, 'this tenant was left to somebody else')
    // What is marked as running is due: with the lease, somebody goes on with it.
    await store.release(claim).catch(() => undefined)
    throw error
  } finally {
    lease.end()
  }
}

/** Before it is taken there is none that could be lost. */
const noLease = { assertHeld: () => undefined }

interface Pass {
  readonly claim: Claim
  readonly lease: Lease
  readonly signal: AbortSignal
  /** How many steps were begun and have no result on record yet. */
  underWay: number
  /** Whether the lease was given back with the last result. */
  isReleased: boolean
}

/** What a tenant should have, and whom it is to be brought about at. */
interface Goal {
  readonly tenant: DesiredTenant
  readonly services: TenantServices
}

function readGoal({ claim, lease }: Pass, { store, servicesOf, stopping }: PassMeans): Promise<Goal> {
  const read = async () => ({
    tenant: await store.desired(claim),
    services: await servicesOf(claim.tenant.id),
  })
  return insist(read, { lease, stopping })
}

/** Runs steps side by side, and those that each of them sets free. Waits for all, whatever becomes of one. */
async function runSteps(
  steps: readonly BegunStep[],
  goal: Goal,
  pass: Pass,
  means: PassMeans,
): Promise<void> {
  const work = steps.map(async (step) => {
    const free = await runStep(step, goal, pass, means)
    if (free.length > 0) await runSteps(free, await goalOf(free, goal, pass, means), pass, means)
  })
  for (const result of await Promise.allSettled(work)) if (result.status === 'rejected') throw result.reason
}

/** What was read before holds for steps that nobody asked for since: whatever changes it asks for them. */
function goalOf(
  steps: readonly BegunStep[],
  known: Goal,
  pass: Pass,
  means: PassMeans,
): Promise<Goal> | Goal {
  const isKnown = steps.every(({ id, generation }) => pass.claim.generations.get(id) === generation)
  return isKnown ? known : readGoal(pass, means)
}

/** @returns the steps that it set free */
async function runStep(
  step: BegunStep,
  { tenant, services }: Goal,
  pass: Pass,
  means: PassMeans,
): Promise<readonly BegunStep[]> {
  const { claim, lease, signal } = pass
  const { store, signals, log, clock, inTurn, stopping } = means
  const planner = services.planners.find((one) => stepKey(one) === stepKey(step))
  const { mayDelete, digests } = claim.approval
  const approved = digests && new Set(digests[stepKey(step)] ?? [])
  const known = { externalId: step.externalId }
  lease.assertHeld()
  const outcome: StepOutcome = planner
    ? await attemptStep(
        {
          ...{ planner, tenant, known, attempt: step.attempt, mayDelete, approved, signal },
          assertHeld: () => lease.assertHeld(),
        },
        { ...means, gate: services.gate },
      )
    : connectionWent(clock.now())
  lease.assertHeld()
  const record = async () => {
    const about = { isLast: pass.underWay === 1, place: services.placeOf(step.service) }
    const { begun, isReleased } = await store.record(claim, step, outcome, about)
    // In the same turn: the next result may be the last one.
    pass.underWay += begun.length - 1
    pass.isReleased = isReleased
    return begun
  }
  const free = await insist(() => inTurn(tenant.id, record), { lease, stopping })
  signals.publish(changedChannel, tenant.id)
  logOutcome(log, outcome, {
    tenantId: tenant.id,
    passId: claim.passId,
    step: stepKey(step),
    attempt: step.attempt,
  })
  return free
}

/** It was there when the step was begun; whoever took it away has asked for the step again. */
const connectionWent = (now: Date): StepOutcome => ({
  status: 'waits',
  reason: 'Its connection was changed meanwhile.',
  nextAttemptAt: addSeconds(now, 1),
})

function logOutcome(log: Log, outcome: StepOutcome, about: Record<string, unknown>): void {
  switch (outcome.status) {
    case 'ok':
      return log.info(
        { ...about, externalId: outcome.resources[0]?.externalId },
        'a provisioning step is done',
      )
    case 'held':
      return log.info({ ...about, reason: outcome.reason }, 'a provisioning step waits for approval')
    case 'waits':
      return log.info({ ...about, reason: outcome.reason }, 'a provisioning step waits for its service')
    case 'pending':
      return log.info(about, 'a provisioning step was cut off')
    case 'error':
      return log.warn({ ...about, ...outcome }, 'a provisioning step failed')
  }
}

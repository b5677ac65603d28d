import { newId } from '#server/lib/ids'
import type { Signals } from '#server/storage/signals'
import type { Log } from '#server/lib/log'
import { attemptStep, type AttemptMeans, type StepOutcome } from './attempt'
import { changedChannel } from './channels'
import { insist } from './insist'
import { keepLease, LeaseLost, type Lease } from './lease'
import type { DesiredTenant, StepPlanner } from './step-planner.port'
import { stepKey } from './steps'
import type { BegunStep, Claim, WorkStore } from './work.store'

export interface PassMeans extends AttemptMeans {
  store: WorkStore
  signals: Pick<Signals, 'publish'>
  /** By `stepKey`. */
  planners: ReadonlyMap<string, StepPlanner>
  renewMs: number
  /** Runs writing work of this process one after the other: at once, it would only get in its own way. */
  inTurn: <Result>(work: () => Promise<Result>) => Promise<Result>
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
  const claim = await inTurn(async () => (mayBegin() ? store.claim(tenantId, passId) : null))
  if (!claim) return
  signals.publish(changedChannel, tenantId)
  if (claim.steps.length === 0) return

  const lease = keepLease({ until: claim.leaseUntil, renew: () => store.renew(claim), everyMs, clock, log })
  try {
    const signal = AbortSignal.any([stopping, lease.signal])
    await runSteps({ claim, steps: claim.steps, lease, signal }, means)
    await insist(() => store.release(claim), { lease, stopping })
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

interface Begun {
  claim: Claim
  steps: readonly BegunStep[]
  lease: Lease
  signal: AbortSignal
}

/** Runs steps side by side, and those that each of them sets free. Waits for all, whatever becomes of one. */
async function runSteps({ steps, ...begun }: Begun, means: PassMeans): Promise<void> {
  // Read after the steps were begun: what changes later asks for them again.
  const tenant = await insist(() => means.store.desired(begun.claim), { ...begun, stopping: means.stopping })
  const work = steps.map(async (step) => {
    const free = await runStep({ ...begun, tenant, step }, means)
    if (free.length > 0) await runSteps({ ...begun, steps: free }, means)
  })
  for (const result of await Promise.allSettled(work)) if (result.status === 'rejected') throw result.reason
}

interface Running extends Omit<Begun, 'steps'> {
  tenant: DesiredTenant
  step: BegunStep
}

/** @returns the steps that it set free */
async function runStep(
  { claim, tenant, step, lease, signal }: Running,
  means: PassMeans,
): Promise<BegunStep[]> {
  const { store, planners, signals, log, inTurn, stopping } = means
  const planner = planners.get(stepKey(step))
  if (!planner) throw new Error(`Nothing plans ${stepKey(step)}, and it was begun`)
  const { mayDelete, digests } = claim.approval
  const approved = digests && new Set(digests[stepKey(step)] ?? [])
  const known = { externalId: step.externalId }
  lease.assertHeld()
  const outcome = await attemptStep(
    {
      ...{ planner, tenant, known, attempt: step.attempt, mayDelete, approved, signal },
      assertHeld: () => lease.assertHeld(),
    },
    means,
  )
  lease.assertHeld()
  const free = await insist(() => inTurn(() => store.record(claim, step, outcome)), { lease, stopping })
  signals.publish(changedChannel, tenant.id)
  logOutcome(log, outcome, {
    tenantId: tenant.id,
    passId: claim.passId,
    step: stepKey(step),
    attempt: step.attempt,
  })
  return free
}

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

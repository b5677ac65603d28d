import { newId } from '#server/lib/ids'
import type { Signals } from '#server/storage/signals'
import { attemptStep, type AttemptMeans } from './attempt'
import { changedChannel } from './channels'
import { keepLease, LeaseLost, type Lease } from './lease'
import type { Provisioner } from './provisioner.port'
import { stepKey } from './steps'
import type { BegunStep, Claim, WorkStore } from './work.store'

export interface PassMeans extends AttemptMeans {
  store: WorkStore
  signals: Pick<Signals, 'publish'>
  /** By `stepKey`. */
  provisioners: ReadonlyMap<string, Provisioner>
  renewMs: number
  /** Runs writing work of this process one after the other: at once, it would only get in its own way. */
  inTurn: <Result>(work: () => Promise<Result>) => Promise<Result>
  /** Whether new work may be begun. */
  mayBegin: () => boolean
  /** Aborts when what is under way has to end. */
  stopping: AbortSignal
}

/**
 * Works once on what is due for one tenant, its steps side by side; one that fails undoes no other. Does nothing where
 * somebody else works on it or nothing is due. Where the lease is lost, it ends without writing anything more.
 *
 * @throws what the database throws; the lease is then left to run out, and the tenant is found again
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
    const work = claim.steps.map((step) => runStep({ claim, step, lease, signal }, means))
    for (const result of await Promise.allSettled(work)) if (result.status === 'rejected') throw result.reason
    await store.release(claim)
  } catch (error) {
    if (!(error instanceof LeaseLost)) throw error
    log.warn({ tenantId, passId }, 'somebody else works on this tenant now')
  } finally {
    lease.end()
  }
}

interface Begun {
  claim: Claim
  step: BegunStep
  lease: Lease
  signal: AbortSignal
}

async function runStep({ claim, step, lease, signal }: Begun, means: PassMeans): Promise<void> {
  const { store, provisioners, signals, log, inTurn } = means
  const provisioner = provisioners.get(stepKey(step))
  if (!provisioner) throw new Error(`Nothing provisions ${stepKey(step)}, and it was begun`)
  lease.assertHeld()
  const outcome = await attemptStep(provisioner, claim.tenant, step.attempt, signal, means)
  lease.assertHeld()
  await inTurn(() => store.record(claim, step, outcome))
  signals.publish(changedChannel, claim.tenant.id)

  const { passId, tenant } = claim
  const about = { tenantId: tenant.id, passId, step: stepKey(step), attempt: step.attempt, ...outcome }
  if (outcome.status === 'error') log.warn(about, 'a provisioning step failed')
  else
    log.info(
      about,
      outcome.status === 'ok' ? 'a provisioning step is done' : 'a provisioning step was cut off',
    )
}

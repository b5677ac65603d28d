import { addSeconds } from '#server/lib/clock'
import { IntegrationError } from '#server/lib/errors'
import type { Log } from '#server/lib/log'
import type { PlatformScope } from '#server/scope'
import type { LeaseRow } from './leases.store'
import { mintSeconds } from './minted-leases'
import type { MintPlaces } from './token-mint.port'

/** Until then a token may still come to be that was asked for by a process that is gone. */
const mintSettledSeconds = 2 * mintSeconds
const revokeSeconds = 30
/** So long a lease is kept from other replicas while one settles it. */
const settleSeconds = 2 * revokeSeconds
const shortestRestSeconds = 15
const longestRestSeconds = 3600
/** After a token ended by itself, its tenant's own service is asked for so long. The platform's is asked for ever. */
const patienceSeconds = 7 * 86_400

export interface SettleMeans {
  readonly places: Pick<MintPlaces, 'of'>
  readonly log: Log
}

/**
 * Takes back at their services the tokens of leases that are over, until each service has confirmed it. Of several
 * replicas one at a time has a lease; what fails is tried again, less and less often. A tenant's own service that is not
 * reached is given up a week after the token has ended by itself, and what is signed in with there is forgotten.
 *
 * @returns how many are settled now
 */
export async function settleLeases(scope: PlatformScope, means: SettleMeans, limit = 50): Promise<number> {
  const { clock } = scope
  let settled = 0
  for (const lease of await scope.stores.allLeases.listDue(clock.now(), limit)) {
    const until = addSeconds(clock.now(), settleSeconds)
    if (!(await scope.stores.allLeases.take(lease, until))) continue
    if (await settleOne(scope, means, lease)) settled += 1
  }
  return settled
}

async function settleOne(
  scope: PlatformScope,
  { places, log }: SettleMeans,
  lease: LeaseRow,
): Promise<boolean> {
  const { id, tenantId } = lease
  const now = () => scope.clock.now()
  try {
    const mint = await places.of(lease)
    await mint.revoke({ leaseId: id, tenantId }, AbortSignal.timeout(revokeSeconds * 1000))
  } catch (error) {
    log.warn({ err: error, tenantId, leaseId: id }, 'a minted token could not be taken back yet')
    const words = inWords(error)
    if (lease.place !== null && addSeconds(lease.expiresAt, patienceSeconds) <= now())
      await conclude(scope, lease, words)
    else await scope.stores.allLeases.retry(id, addSeconds(now(), restSeconds(lease, now())), words)
    return false
  }
  const mayStillCome = addSeconds(lease.createdAt, mintSettledSeconds)
  if (lease.externalId === null && mayStillCome > now()) {
    await scope.stores.allLeases.retry(id, mayStillCome, null)
    return false
  }
  return conclude(scope, lease, null)
}

/** @param error why it is given up; null: it is settled @returns whether that was new */
function conclude(
  scope: PlatformScope,
  { id, tenantId, service, place }: LeaseRow,
  error: string | null,
): Promise<boolean> {
  return scope.transaction(async (stores) => {
    const now = scope.clock.now()
    const { settle, giveUp } = stores.allLeases
    if (!(error === null ? await settle(id, now) : await giveUp(id, now, error))) return false
    await stores.ofTenant(tenantId).audit.record({
      action: error === null ? 'lease.settled' : 'lease.given_up',
      subject: { kind: 'lease', id },
      after: { service, ...(place !== null && { place }), ...(error !== null && { error }) },
    })
    return true
  })
}

function inWords(error: unknown): string {
  if (error instanceof IntegrationError) return error.message
  const isTimeout = error instanceof Error && error.name === 'TimeoutError'
  return isTimeout ? 'The service did not answer in time.' : 'It failed inside Tenantry; its log says more.'
}

/** A quarter of the time that it has been waiting. */
function restSeconds({ endedAt, expiresAt }: LeaseRow, now: Date): number {
  const waited = (now.getTime() - (endedAt ?? expiresAt).getTime()) / 1000
  return Math.min(longestRestSeconds, Math.max(shortestRestSeconds, waited / 4))
}

import type { LeaseStatus } from '#shared/contracts/vaults'
import { addSeconds } from '#server/lib/clock'
import type { VaultScope } from '#server/scope'
import type { LeaseRow } from './leases.store'
import { vaultError } from './vaults.errors'

/** So many a machine or token can have at a time. */
export const mostLeases = 200

/** A lease as it is shown; its value is read by another call. */
export function showLease({ askedByName, ...row }: LeaseRow, now: Date) {
  const { id, kind, service, name, purpose, createdAt, expiresAt, endsLatest, lastReadAt } = row
  const { endedAt, endReason, settledAt, place, settleError, givenUpAt, externalId } = row
  const status: LeaseStatus = endedAt ? 'revoked' : expiresAt <= now ? 'expired' : 'active'
  return {
    ...{ id, kind, service, name, purpose, status, askedBy: askedByName },
    ...{ createdAt, expiresAt, endsLatest, lastReadAt, endedAt, endReason },
    settled: kind === 'secret' || settledAt !== null,
    ...{ place, account: externalId, trouble: settleError, givenUpAt },
  }
}

/** A lease can't be renewed beyond so long after it began. */
const longestSeconds = 7 * 86_400

/**
 * When a lease ends that is asked for now, and beyond what it can't be renewed: with the API token that asks, at the latest.
 *
 * @throws AppError lease.over where that token holds no more
 */
export async function endsOf(
  { clock, stores }: VaultScope,
  askedBy: string,
  { ttlSeconds, isRenewable }: { ttlSeconds: number; isRenewable: boolean },
): Promise<{ expiresAt: Date; endsLatest: Date }> {
  const now = clock.now()
  const until = await stores.leases.holdsUntil(askedBy)
  if (until && until <= now) throw vaultError('lease.over')
  const capped = (seconds: number) => {
    const end = addSeconds(now, seconds)
    return until && until < end ? until : end
  }
  const expiresAt = capped(ttlSeconds)
  return { expiresAt, endsLatest: isRenewable ? capped(longestSeconds) : expiresAt }
}

/** Who asks for a lease. @throws Error where it is no machine: the route's access has to be checked before */
export function holderOf({ machine }: VaultScope) {
  if (!machine) throw new Error('A lease for somebody who is no machine')
  const { by, principal } = machine
  return {
    principalId: principal.id,
    askedBy: by.id,
    askedByName: by.kind === 'machine' ? by.handle : by.name,
  }
}

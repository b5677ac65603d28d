import type { LeaseStatus } from '#shared/contracts/vaults'
import type { VaultScope } from '#server/scope'
import type { LeaseRow } from './leases.store'

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

import type { Lease } from '#shared/contracts/vaults'

export const leaseStatusWords = {
  active: { label: 'Runs', color: 'success', icon: 'i-lucide-clock' },
  expired: { label: 'Over', color: 'neutral', icon: 'i-lucide-clock' },
  revoked: { label: 'Revoked', color: 'error', icon: 'i-lucide-circle-x' },
} as const satisfies Record<Lease['status'], object>

/** Why a lease ended before its time, by the API's word for it. */
const leaseEndLabels: Record<string, string> = {
  returned: 'it was given back',
  revoked: 'it was taken back',
  machine_revoked: 'the machine was revoked',
  token_revoked: 'the token was revoked',
  scope_lost: 'it may borrow no more',
  vault_lost: 'it does not reach the vault any more',
  vault_removed: 'the vault was removed',
  tenant_rests: 'the tenant rests',
  person_disabled: 'the member it is for was disabled',
  place_left: 'the tenant left the service where it was',
  mint_failed: 'the token could not be made',
}
export const leaseEndLabel = (reason: string): string => leaseEndLabels[reason] ?? reason

/** What is to be known of a minted token that its service may still take; undefined: nothing. */
export function leaseTroubleLabel(lease: Lease): string | undefined {
  if (lease.kind === 'secret' || lease.status === 'active' || lease.settled) return undefined
  const why = lease.trouble ? ` ${lease.trouble}` : ''
  return lease.givenUpAt
    ? `The service was not reached any more, and nobody asks it now. The token ended by itself.${why}`
    : `The service has not confirmed that it takes the token no more. It is asked again.${why}`
}

/** Where a tenant's vault is, and what is in it. */
export const vaultPath = (slug: string, handle: string) => `/tenants/${slug}/vault/${handle}`

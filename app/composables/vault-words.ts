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
}
export const leaseEndLabel = (reason: string): string => leaseEndLabels[reason] ?? reason

/** Where a tenant's vault is, and what is in it. */
export const vaultPath = (slug: string, handle: string) => `/tenants/${slug}/vault/${handle}`

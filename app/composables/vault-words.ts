import type { Lease } from '#shared/contracts/vaults'

export const leaseStatusWords = {
  active: { label: 'Runs', color: 'success', icon: 'i-lucide-clock' },
  expired: { label: 'Over', color: 'neutral', icon: 'i-lucide-clock' },
  revoked: { label: 'Revoked', color: 'error', icon: 'i-lucide-circle-x' },
} as const satisfies Record<Lease['status'], object>

/** Where a tenant's vault is, and what is in it. */
export const vaultPath = (slug: string, handle: string) => `/tenants/${slug}/vault/${handle}`

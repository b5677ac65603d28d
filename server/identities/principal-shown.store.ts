import type { TenantRole } from '#shared/contracts/tenants'

/** The vaults that a principal reaches, at most 50 of them. */
export const reachedVaults = {
  orderBy: { vaultId: 'asc' },
  take: 50,
  select: { vaultId: true, defaultOf: true, vault: { select: { handle: true } } },
} as const

/** What is read of a principal that is to be shown: its owner, and the vaults that it reaches. */
export const shownPrincipal = {
  select: {
    id: true,
    role: true,
    userId: true,
    membership: { select: { role: true, user: { select: { name: true } } } },
    serviceAccount: { select: { name: true } },
    bindings: reachedVaults,
  },
} as const

/** The same, as it is read. */
export interface ShownPrincipalRow {
  id: string
  role: TenantRole
  userId: string | null
  membership: { role: TenantRole; user: { name: string } } | null
  serviceAccount: { name: string } | null
  bindings: readonly ReachedVault[]
}

interface ReachedVault {
  vaultId: string
  defaultOf: string | null
  vault: { handle: string }
}

/** A principal, as it is read to be shown. */
export interface KnownPrincipal {
  id: string
  owner: { kind: 'member'; userId: string; name: string } | { kind: 'service'; name: string }
  role: TenantRole
  memberRole: TenantRole | null
}

export interface KnownVault {
  id: string
  handle: string
  isDefault: boolean
}

export function knownPrincipal(row: ShownPrincipalRow): { principal: KnownPrincipal; vaults: KnownVault[] } {
  const { id, role, userId, membership, serviceAccount, bindings } = row
  const owner =
    userId === null
      ? ({ kind: 'service', name: serviceAccount?.name ?? '' } as const)
      : ({ kind: 'member', userId, name: membership?.user.name ?? '' } as const)
  return {
    principal: { id, owner, role, memberRole: membership?.role ?? null },
    vaults: knownVaults(bindings),
  }
}

/** The vaults of what was read, the default first. */
export function knownVaults(bindings: readonly ReachedVault[]): KnownVault[] {
  return bindings
    .map(({ vaultId, defaultOf, vault }) => ({
      id: vaultId,
      handle: vault.handle,
      isDefault: defaultOf !== null,
    }))
    .sort((one, other) => Number(other.isDefault) - Number(one.isDefault))
}

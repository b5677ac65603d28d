import type { MachineScope } from '#shared/contracts/machines'
import type { TenantRole } from '#shared/contracts/tenants'

/** The vault that every tenant has. */
export const defaultHandle = 'default'

/** So many a tenant can have. */
export const mostVaults = 200

/** Everything that can be allowed within a vault. A route declares which of them it wants. */
export type VaultPermission = Extract<MachineScope, `secrets:${string}`> | 'leases:read' | 'leases:manage'

/** What somebody has to do with a vault. */
export interface VaultReach {
  /** What they are in its tenant; null for an operator who is no member. */
  role: TenantRole | null
  /** Whether their principal is bound to it. */
  isBound: boolean
  isMachine: boolean
}

/**
 * Whether somebody may do this in a vault. Owners and admins reach every vault of their tenant; everybody else, machines of
 * any role included, those that they are bound to. Operators who are no members reach none: running the platform is no
 * reason to read a tenant's secrets. Leases are for machines: a person has no use for one; `leases:read` is of one's own,
 * and `leases:manage` of everybody's, for a machine of its own alone.
 */
export function mayInVault(
  { role, isBound, isMachine }: VaultReach,
  permission: VaultPermission,
  scopes: ReadonlySet<MachineScope> | null,
): boolean {
  if (role === null) return false
  if (isMachine) {
    const ofLeases = permission === 'leases:read' || permission === 'leases:manage'
    return isBound && (!scopes || scopes.has(ofLeases ? 'secrets:lease' : permission))
  }
  if (permission === 'leases:manage') return role !== 'member'
  return permission !== 'secrets:lease' && (isBound || role !== 'member')
}

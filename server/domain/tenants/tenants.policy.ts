import type { TenantRole, TenantStatus } from '#shared/contracts/tenants'

/** Everything that can be allowed within a tenant. A route declares which of them it wants. */
export type TenantPermission =
  | 'tenant:read'
  | 'tenant:update'
  | 'tenant:delete'
  | 'members:read'
  | 'members:manage'
  | 'members:invite'
  | 'invitations:read'
  | 'domains:read'
  | 'domains:manage'
  | 'provisioning:read'
  | 'provisioning:reconcile'
  | 'subscription:read'
  | 'subscription:change'
  | 'audit:read'

/** What a person can be to a tenant: one of its roles, or an operator of the platform. */
export type TenantStanding = TenantRole | 'operator'

const member: readonly TenantPermission[] = [
  'tenant:read',
  'members:read',
  'domains:read',
  'provisioning:read',
  'subscription:read',
]
const admin: readonly TenantPermission[] = [
  ...member,
  'tenant:update',
  'members:manage',
  'members:invite',
  'invitations:read',
  'domains:manage',
  'provisioning:reconcile',
  'audit:read',
]
const operator: readonly TenantPermission[] = [...admin, 'tenant:delete', 'subscription:change']

const permissions: Readonly<Record<TenantStanding, ReadonlySet<TenantPermission>>> = {
  member: new Set(member),
  admin: new Set(admin),
  owner: new Set(admin),
  operator: new Set(operator),
}

/** Whether somebody of this standing may do this within the tenant. */
export function may(standing: TenantStanding, permission: TenantPermission): boolean {
  return permissions[standing].has(permission)
}

/** Only an owner or an operator makes, changes or removes an owner; admins manage everybody else. */
export function mayManageRole(standing: TenantStanding, role: TenantRole): boolean {
  if (standing === 'owner' || standing === 'operator') return true
  return standing === 'admin' && role !== 'owner'
}

/** Whether people can be asked into a tenant, and join it: not into one that rests or is on its way out. */
export function takesMembers(status: TenantStatus): boolean {
  return status === 'pending' || status === 'active'
}

const ranks: readonly TenantRole[] = ['member', 'admin', 'owner']

/** Whether a role may do more than another. */
export function outranks(role: TenantRole, other: TenantRole): boolean {
  return ranks.indexOf(role) > ranks.indexOf(other)
}

import type { TenantRole, TenantStatus } from '#shared/contracts/tenants'

/** Everything that can be allowed within a tenant. A route declares which of them it wants. */
export type TenantPermission =
  | 'tenant:read'
  | 'tenant:update'
  | 'tenant:delete'
  | 'tenant:lifecycle'
  | 'exports:read'
  | 'members:read'
  | 'members:manage'
  | 'members:invite'
  | 'receipts:read'
  | 'invitations:read'
  | 'domains:read'
  | 'domains:manage'
  | 'provisioning:read'
  | 'provisioning:reconcile'
  | 'drift:settle'
  | 'subscription:read'
  | 'subscription:change'
  | 'audit:read'
  | 'machines:read'
  | 'machines:manage'
  | 'vaults:read'
  | 'vaults:manage'
  /** Leases of secrets: one's own, and everybody's for who manages vaults. */
  | 'secrets:lease'
  | 'connections:manage'

/** What a person can be to a tenant: one of its roles, or an operator of the platform. */
export type TenantStanding = TenantRole | 'operator'

const member: readonly TenantPermission[] = [
  'tenant:read',
  'members:read',
  'domains:read',
  'provisioning:read',
  'subscription:read',
  'machines:read',
  'vaults:read',
  'secrets:lease',
]
const admin: readonly TenantPermission[] = [
  ...member,
  'tenant:update',
  'members:manage',
  'members:invite',
  'receipts:read',
  'invitations:read',
  'domains:manage',
  'provisioning:reconcile',
  'audit:read',
  'machines:manage',
  'vaults:manage',
  'connections:manage',
]
const operator: readonly TenantPermission[] = [
  ...admin,
  'tenant:delete',
  'tenant:lifecycle',
  'exports:read',
  'subscription:change',
  'drift:settle',
]

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

/** What becomes of a tenant as a whole. */
export type LifecycleMove = 'suspend' | 'resume' | 'archive' | 'restore' | 'delete'

/** A move, by the status before it: the status after it; null: it is done already. What is absent can't be done. */
const moves: Readonly<Record<LifecycleMove, Readonly<Partial<Record<TenantStatus, TenantStatus | null>>>>> = {
  suspend: { pending: 'suspended', active: 'suspended', suspended: null },
  resume: { suspended: 'pending', pending: null, active: null },
  archive: { pending: 'archived', active: 'archived', suspended: 'archived', archived: null },
  restore: { archived: 'pending', deleting: 'pending' },
  delete: {
    ...{ pending: 'deleting', active: 'deleting', suspended: 'deleting', archived: 'deleting' },
    deleting: null,
  },
}

/**
 * What a move makes of a tenant. What comes back is `pending` until every service has confirmed it.
 *
 * @returns null: nothing, it is done already; undefined: it can't be done now
 */
export function afterMove(status: TenantStatus, move: LifecycleMove): TenantStatus | null | undefined {
  return moves[move][status]
}

/** Whether a tenant rests or is on its way out: nobody gets into its services, and its people change nothing in it. */
export function isResting(status: TenantStatus): boolean {
  return status === 'suspended' || status === 'archived' || status === 'deleting'
}

/** Whether somebody may do this while the tenant is as it is. Who only reads, and operators, always may. */
export function mayWhile(
  status: TenantStatus,
  standing: TenantStanding,
  permission: TenantPermission,
): boolean {
  return standing === 'operator' || permission.endsWith(':read') || !isResting(status)
}

const ranks: readonly TenantRole[] = ['member', 'admin', 'owner']

/** Whether a role may do more than another. */
export function outranks(role: TenantRole, other: TenantRole): boolean {
  return ranks.indexOf(role) > ranks.indexOf(other)
}

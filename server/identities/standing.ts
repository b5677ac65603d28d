import type { TenantRole } from '#shared/contracts/tenants'
import { isResting, outranks } from '#server/domain/tenants/tenants'
import type { Machine } from '#server/scope'
import { identityError } from './identities.errors'
import type { FoundPrincipal } from './standing.store'

export type { FoundPrincipal } from './standing.store'

/**
 * What a principal lets do what acts for it: a member's never more than the member may. Looked up on every request, so
 * that whatever takes a right away works on the next one.
 *
 * @throws AppError identity.unclaimed, principal.disabled, principal.tenant_rests (403)
 */
export function standingOf(principal: FoundPrincipal | null): Omit<Machine, 'by'> {
  if (!principal) throw identityError('identity.unclaimed')
  const { id, userId, memberRole, isUserActive, tenant, scopes, ownerName, vaults } = principal
  if (userId !== null && memberRole === null) throw identityError('identity.unclaimed')
  if (userId !== null && !isUserActive) throw identityError('principal.disabled')
  if (isResting(tenant.status)) throw identityError('principal.tenant_rests')
  return {
    principal: { id, userId, name: ownerName, role: effectiveRole(principal) },
    tenant: { id: tenant.id, slug: tenant.slug, name: tenant.name },
    scopes: scopes && new Set(scopes),
    vaults,
  }
}

/** What something may do that acts for a principal: the least of what it, its principal and the member may. */
export function effectiveRole({
  role,
  grantedRole,
  memberRole,
}: Pick<FoundPrincipal, 'role' | 'grantedRole' | 'memberRole'>): TenantRole {
  return [grantedRole, memberRole].reduce<TenantRole>(
    (least, other) => (other && outranks(least, other) ? other : least),
    role,
  )
}

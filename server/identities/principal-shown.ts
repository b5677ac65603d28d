import type { PrincipalShown } from '#shared/contracts/machines'
import type { TenantRole } from '#shared/contracts/tenants'
import type { KnownPrincipal } from './principal-shown.store'
import { effectiveRole } from './standing'

/** A principal as it is shown beside what acts for it: with what that may do at most. */
export function showPrincipal({
  id,
  owner,
  ...roles
}: KnownPrincipal & { grantedRole: TenantRole | null }): PrincipalShown {
  return { id, owner, role: effectiveRole(roles) }
}

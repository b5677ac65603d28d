import type { OperatorScope, TenantScope } from '#server/scope'
import type { PageRequest } from '#server/storage/page'

export { shownActor, type AuditActor } from './audit.store'

/** A page of what happened in the scope: one tenant's entries, or the whole platform's; newest first. */
export function listAudit(scope: OperatorScope | TenantScope, request: PageRequest) {
  return scope.stores.audit.list(request)
}

export { auditFigures, createAuditIntegrity, type AuditIntegrity } from './integrity'

import type { OperatorScope, TenantScope } from '#server/scope'
import type { PageRequest } from '#server/storage/page'

export { shownActor, type AuditActor } from './audit.store'

/**
 * A page of what happened in the scope: one tenant's entries, or the whole platform's; newest first.
 *
 * @param request.subject `kind:id` of what they are about; undefined: everything
 */
export function listAudit(
  scope: OperatorScope | TenantScope,
  { subject, ...request }: PageRequest & { subject?: string | undefined },
) {
  const [kind = '', ...id] = subject?.split(':') ?? []
  return scope.stores.audit.list(request, subject === undefined ? undefined : { kind, id: id.join(':') })
}

export { auditFigures, createAuditIntegrity, type AuditIntegrity } from './integrity'

import { listAudit } from '#server/domain/audit/audit'
import { tenant } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { AuditPage, AuditQuery } from '#shared/contracts/audit'

export default defineRoute({
  summary: 'What happened in the tenant, newest first.',
  access: tenant('audit:read'),
  query: AuditQuery,
  response: AuditPage,
  handle: ({ scope, query }) => listAudit(scope, query),
})

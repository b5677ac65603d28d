import { listAudit } from '#server/domain/audit/audit'
import { operator } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { AuditPage, AuditQuery } from '#shared/contracts/audit'

export default defineRoute({
  summary: 'What happened on the whole platform, newest first.',
  access: operator(),
  query: AuditQuery,
  response: AuditPage,
  handle: ({ scope, query }) => listAudit(scope, query),
})

import { operator } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { AuditIntegrity } from '#shared/contracts/audit-integrity'

export default defineRoute({
  summary: 'How the exports of the audit stand.',
  access: operator(),
  response: AuditIntegrity,
  handle: ({ container }) => container.audit.state(),
})

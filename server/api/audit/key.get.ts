import { operator } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { AuditKey } from '#shared/contracts/audit-integrity'

export default defineRoute({
  summary: 'The public key that exported statements of the audit are verified with.',
  access: operator(),
  response: AuditKey,
  handle: ({ container }) => container.audit.publicKey,
})

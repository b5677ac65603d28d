import { operator } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { AuditVerification, VerifyAudit } from '#shared/contracts/audit-integrity'

export default defineRoute({
  summary: 'Looks for changed, removed and inserted entries of the audit, for about 10 seconds.',
  access: operator(),
  body: VerifyAudit,
  response: AuditVerification,
  handle: async ({ container, body }) => {
    const { findings, ...counts } = await container.audit.verify(body.from)
    return { ...counts, findings: [...findings] }
  },
})

import {
  AuditIntegrity,
  AuditVerification,
  type AuditFinding,
  type VerifyAudit,
} from '#shared/contracts/audit-integrity'

/** What a verification has seen so far. */
export interface AuditVerified {
  entries: number
  exports: number
  found: number
  findings: AuditFinding[]
  isOver: boolean
}

/** What shows that the audit is as it was written. */
export function useAuditIntegrity() {
  const api = useApi()
  const page = usePageData('audit-integrity', () => api.request(AuditIntegrity, '/api/audit/integrity'))
  const verified = shallowRef<AuditVerified>()

  return {
    ...page,
    integrity: page.data,
    verified: computed(() => verified.value),
    /** Part by part, with what was seen so far. */
    async verify(): Promise<void> {
      const seen: AuditVerified = { entries: 0, exports: 0, found: 0, findings: [], isOver: false }
      let body: VerifyAudit = {}
      do {
        const part = await api.request(AuditVerification, '/api/audit/verify', { method: 'POST', body })
        seen.entries += part.entries
        seen.exports += part.exports
        seen.found += part.found
        seen.findings = [...seen.findings, ...part.findings].slice(0, 100)
        seen.isOver = part.next === null
        body = part.next ? { from: part.next } : {}
        verified.value = { ...seen }
      } while (!seen.isOver)
    },
  }
}

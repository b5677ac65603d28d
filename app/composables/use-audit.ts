import { AuditPage } from '#shared/contracts/audit'

/** What was done, newest first: on one tenant, or on the whole platform. */
export function useAudit(slug?: string) {
  const api = useApi()
  const path = slug ? `/api/tenants/${slug}/audit` : '/api/audit'
  return usePagedList(`audit:${slug ?? ''}`, (cursor) =>
    api.request(AuditPage, path, { query: { cursor, limit: 25 } }),
  )
}

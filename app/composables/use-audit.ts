import { AuditPage } from '#shared/contracts/audit'

/** What was done, newest first: on one tenant, or on the whole platform. */
export function useAudit(slug?: string) {
  const api = useApi()
  const path = slug ? `/api/tenants/${slug}/audit` : '/api/audit'
  return usePagedList(`audit:${slug ?? ''}`, (cursor) =>
    api.request(AuditPage, path, { query: { cursor, limit: 25 } }),
  )
}

/**
 * What was done to one thing of a tenant, newest first.
 *
 * @param name unique for the thing within its tenant
 * @param subject `kind:id`; undefined: not known yet, or not for the caller to see, and nothing is asked
 */
export function useAuditOf(slug: string, name: string, subject: Ref<string | undefined>) {
  const api = useApi()
  return usePagedList(
    `audit:${slug}:${name}`,
    async (cursor) =>
      subject.value
        ? api.request(AuditPage, `/api/tenants/${slug}/audit`, {
            query: { subject: subject.value, cursor, limit: 10 },
          })
        : { items: [], nextCursor: null },
    subject,
  )
}

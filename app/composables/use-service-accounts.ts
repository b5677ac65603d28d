import { ServiceAccountPage } from '#shared/contracts/machines'

/** A tenant's services that machines and tokens act for. @param wanted whether the caller may see them; not asked for else */
export function useServiceAccounts(slug: string, wanted: Ref<boolean>) {
  const api = useApi()
  const path = `/api/tenants/${slug}/service-accounts`
  const list = usePagedList(`service accounts:${slug}`, async (cursor) =>
    wanted.value
      ? api.request(ServiceAccountPage, path, { query: { cursor, limit: 25 } })
      : { items: [], nextCursor: null },
  )
  return {
    ...list,
    /** One for which nothing acts any more. */
    async remove(id: string): Promise<void> {
      await api.command(`${path}/${id}`, { method: 'DELETE' })
      await list.refresh()
    },
  }
}

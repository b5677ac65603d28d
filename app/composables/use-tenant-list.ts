import { TenantPage } from '#shared/contracts/tenants'

/** Tenants page by page: all of them for an operator, their own for everybody else. */
export function useTenantList(search: Ref<string>) {
  const api = useApi()
  return usePagedList(
    'tenants',
    (cursor) =>
      api.request(TenantPage, '/api/tenants', { query: { search: search.value, cursor, limit: 25 } }),
    search,
  )
}

/** The few tenants whose slug or name begins with a text, for the command palette. */
export function useTenantSearch() {
  const api = useApi()
  return async (text: string) =>
    (await api.request(TenantPage, '/api/tenants', { query: { search: text, limit: 8 } })).items
}

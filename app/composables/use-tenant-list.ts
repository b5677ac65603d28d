import type { TenantStatus } from '#shared/contracts/tenants'
import { TenantPage } from '#shared/contracts/tenants'

/** Tenants page by page: all of them for an operator, their own for everybody else. @param status the one wanted */
export function useTenantList(search: Ref<string>, status: Ref<TenantStatus | undefined>) {
  const api = useApi()
  return usePagedList(
    'tenants',
    (cursor) =>
      api.request(TenantPage, '/api/tenants', {
        query: { search: search.value, status: status.value, cursor, limit: 25 },
      }),
    computed(() => `${status.value ?? ''} ${search.value}`),
  )
}

/** The few tenants whose slug or name begins with a text, for the command palette. */
export function useTenantSearch() {
  const api = useApi()
  return async (text: string) =>
    (await api.request(TenantPage, '/api/tenants', { query: { search: text, limit: 8 } })).items
}

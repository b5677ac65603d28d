import type { Vault } from '#shared/contracts/vaults'
import { Vault as VaultSchema, VaultPage } from '#shared/contracts/vaults'

/** As many as a tenant can have. */
const mostVaults = 200

/** A tenant's vaults, all of them. */
export function useVaults(slug: string) {
  const api = useApi()
  const path = `/api/tenants/${slug}/vaults`
  const page = usePageData(`vaults:${slug}`, () =>
    api.request(VaultPage, path, { query: { limit: mostVaults } }),
  )
  return {
    ...page,
    vaults: computed<Vault[]>(() => page.data.value?.items ?? []),
    async create(handle: string, idempotencyKey: string): Promise<void> {
      await api.request(VaultSchema, path, { method: 'POST', body: { handle }, idempotencyKey })
      await page.refresh()
    },
    /** An empty one. */
    async remove(id: string): Promise<void> {
      await api.command(`${path}/${id}`, { method: 'DELETE' })
      await page.refresh()
    },
  }
}

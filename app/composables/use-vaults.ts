import type { Vault } from '#shared/contracts/vaults'
import { VaultPage } from '#shared/contracts/vaults'

/** More vaults than a tenant can have are not asked for. */
const mostVaults = 200

/** A tenant's vaults, all of them. */
export function useVaults(slug: string) {
  const api = useApi()
  const page = usePageData(`vaults:${slug}`, () =>
    api.request(VaultPage, `/api/tenants/${slug}/vaults`, { query: { limit: mostVaults } }),
  )
  return { ...page, vaults: computed<Vault[]>(() => page.data.value?.items ?? []) }
}

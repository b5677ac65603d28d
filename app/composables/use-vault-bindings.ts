import { VaultBindingPage } from '#shared/contracts/vaults'

/** Whom a vault is open to beside owners and admins. @param wanted whether the caller may know; not asked for else */
export function useVaultBindings(slug: string, vaultId: string, wanted: Ref<boolean>) {
  const api = useApi()
  const path = `/api/tenants/${slug}/vaults/${vaultId}/bindings`
  const list = usePagedList(`bindings:${vaultId}`, async (cursor) =>
    wanted.value
      ? api.request(VaultBindingPage, path, { query: { cursor, limit: 25 } })
      : { items: [], nextCursor: null },
  )
  return {
    ...list,
    async open(userId: string): Promise<void> {
      await api.command(`${path}/${userId}`, { method: 'PUT' })
      await list.refresh()
    },
    async close(userId: string): Promise<void> {
      await api.command(`${path}/${userId}`, { method: 'DELETE' })
      await list.refresh()
    },
  }
}

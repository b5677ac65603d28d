import { LeasePage } from '#shared/contracts/vaults'

/** What machines have borrowed from a vault, newest first. @param wanted whether the caller may know; not asked for else */
export function useLeases(vaultId: string, wanted: Ref<boolean>) {
  const api = useApi()
  const list = usePagedList(`leases:${vaultId}`, async (cursor, ask) =>
    wanted.value
      ? api.request(LeasePage, `/api/vaults/${vaultId}/leases`, {
          ...ask,
          query: { cursor, limit: 25 },
        })
      : { items: [], nextCursor: null },
  )
  return {
    ...list,
    async revoke(id: string): Promise<void> {
      await api.command(`/api/leases/${id}`, { method: 'DELETE' })
      await list.refresh()
    },
  }
}

import { SecretQuery, SecretEntryPage, VaultCheck } from '#shared/contracts/vaults'
import type { SecretEntry } from '#shared/contracts/vaults'

const closedStatus = [403, 404]

/**
 * What one vault holds, by service; no value among it.
 *
 * @param prefix start of `service/name`
 */
export function useVault(vaultId: string, prefix: Ref<string>) {
  const api = useApi()
  const path = `/api/vaults/${vaultId}`
  /** It is not open to the caller: no reason for an error page, there are other vaults. */
  const isClosed = useState(`vault closed:${vaultId}`, () => false)

  const list = usePagedList<SecretEntry>(
    `vault:${vaultId}`,
    async (cursor, ask) => {
      const query = { prefix: prefix.value.toLowerCase(), cursor, limit: 100 }
      // What can't be the start of a name finds nothing.
      if (query.prefix && !SecretQuery.shape.prefix.safeParse(query.prefix).success)
        return { items: [], nextCursor: null }
      try {
        const page = await api.request(SecretEntryPage, `${path}/entries`, { ...ask, query })
        isClosed.value = false
        return page
      } catch (error) {
        if (!closedStatus.includes(failureFrom(error).status)) throw error
        isClosed.value = true
        return { items: [], nextCursor: null }
      }
    },
    prefix,
  )

  return {
    ...list,
    isClosed: readonly(isClosed),
    byService: computed(() => [...Map.groupBy(list.items.value, ({ service }) => service)]),
    /** Opens every value in it. @returns what does not open */
    check: () => api.request(VaultCheck, `${path}/check`, { method: 'POST' }),
  }
}

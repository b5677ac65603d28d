import { AccessReceiptPage } from '#shared/contracts/receipts'

/** What was read at each service after people lost their access, newest first. @param wanted whether it is shown at all */
export function useReceipts(slug: string, wanted: Ref<boolean>) {
  const api = useApi()
  return usePagedList(`receipts:${slug}`, async (cursor) =>
    wanted.value
      ? api.request(AccessReceiptPage, `/api/tenants/${slug}/receipts`, { query: { cursor, limit: 10 } })
      : { items: [], nextCursor: null },
  )
}

import type { TenantExport } from '#shared/contracts/exports'
import { TenantExportPage, TenantExportParts } from '#shared/contracts/exports'

/** A tenant's exports, and how one is kept as a file. @param wanted whether they are shown at all */
export function useExports(slug: string, wanted: Ref<boolean>) {
  const api = useApi()
  const path = `/api/tenants/${slug}/exports`
  const list = usePagedList(`exports:${slug}`, async (cursor) =>
    wanted.value
      ? api.request(TenantExportPage, path, { query: { cursor, limit: 25 } })
      : { items: [], nextCursor: null },
  )

  return {
    ...list,
    /** Collects the parts, and hands them to the browser as one file. */
    async download({ id, createdAt }: TenantExport): Promise<void> {
      const lists: Record<string, unknown[]> = {}
      for (let after: number | null = 0; after !== null;) {
        const found: TenantExportParts = await api.request(TenantExportParts, `${path}/${id}`, {
          query: { after },
        })
        for (const { kind, records } of found.parts) (lists[kind] ??= []).push(...records)
        after = found.next
      }
      const text = JSON.stringify({ tenant: slug, exportedAt: createdAt, records: lists }, null, 2)
      const url = URL.createObjectURL(new Blob([text], { type: 'application/json' }))
      const link = document.createElement('a')
      link.href = url
      link.download = `${slug}-${createdAt.slice(0, 10)}.json`
      link.click()
      URL.revokeObjectURL(url)
    },
  }
}

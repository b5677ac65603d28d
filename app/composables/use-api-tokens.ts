import type { CreateApiToken } from '#shared/contracts/machines'
import { ApiTokenPage, CreatedApiToken } from '#shared/contracts/machines'
import type { z } from 'zod'

/** A tenant's API tokens, newest first. @param wanted whether the caller may see them; not asked for else */
export function useApiTokens(slug: string, wanted: Ref<boolean>) {
  const api = useApi()
  const path = `/api/tenants/${slug}/api-tokens`
  const list = usePagedList(`api tokens:${slug}`, async (cursor) =>
    wanted.value
      ? api.request(ApiTokenPage, path, { query: { cursor, limit: 25 } })
      : { items: [], nextCursor: null },
  )

  return {
    ...list,
    /** @returns the only answer that has the token itself */
    async create(input: CreateApiToken, idempotencyKey: string): Promise<z.output<typeof CreatedApiToken>> {
      const created = await api.request(CreatedApiToken, path, {
        method: 'POST',
        body: input,
        idempotencyKey,
      })
      await list.refresh()
      return created
    },
    async revoke(id: string): Promise<void> {
      await api.command(`${path}/${id}`, { method: 'DELETE' })
      await list.refresh()
    },
  }
}

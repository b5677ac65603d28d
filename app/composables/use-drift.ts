import type { Drift, DriftStatus } from '#shared/contracts/drift'
import { DriftPage } from '#shared/contracts/drift'
import { RunStarted } from '#shared/contracts/provisioning'

/** What can be decided about it without changing anything at a service. */
export type Settling = 'accept' | 'ignore' | 'reopen'

/** More than so many are not counted. */
const countedAtMost = 100

/** How much of a tenant is not as it should be and was not settled; for its tab. */
export function useDriftCount(slug: string) {
  const api = useApi()
  const page = usePageData(`drift count:${slug}`, (ask) =>
    api.request(DriftPage, `/api/tenants/${slug}/drift`, { ...ask, query: { limit: countedAtMost } }),
  )
  return {
    refresh: page.refresh,
    /** As shown, such as `3` or `100+`; undefined: none, or not known. */
    count: computed(() => {
      const { items = [], nextCursor = null } = page.data.value ?? {}
      const open = items.filter(({ status }) => status === 'open').length
      if (open === 0) return undefined
      return nextCursor === null ? String(open) : `${open}+`
    }),
  }
}

/**
 * What is not as it should be of one tenant at the services, and what can be done about it.
 *
 * @param status that wanted; undefined: what is open or being repaired
 */
export function useDrift(slug: string, status: Ref<DriftStatus | undefined>) {
  const api = useApi()
  const path = `/api/tenants/${slug}/drift`
  const list = usePagedList<Drift>(
    `drift:${slug}`,
    (cursor, ask) =>
      api.request(DriftPage, path, { ...ask, query: { status: status.value ?? 'open', cursor, limit: 50 } }),
    status,
  )

  return {
    ...list,
    /** By service, in the order in which they were found. */
    byService: computed(() => [...Map.groupBy(list.items.value, ({ service }) => service)]),
    /** Has every service of the tenant brought in line. @returns the run that does so */
    repair: async ({ id }: Drift): Promise<string> =>
      (await api.request(RunStarted, `${path}/${id}/repair`, { method: 'POST' })).runId,
    async settle({ id }: Drift, how: Settling): Promise<void> {
      await api.command(`${path}/${id}/${how}`, { method: 'POST' })
      await list.refresh()
    },
  }
}

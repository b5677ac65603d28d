import { Domain, DomainPage } from '#shared/contracts/domains'
import type { AddDomain } from '#shared/contracts/domains'

/** A tenant's mail domains, and what can be done with them. */
export function useDomains(slug: string) {
  const api = useApi()
  const path = `/api/tenants/${slug}/domains`
  const list = usePagedList<Domain>(`domains:${slug}`, (cursor, ask) =>
    api.request(DomainPage, path, { ...ask, query: { cursor, limit: 50 } }),
  )

  return {
    ...list,
    /** Domains of which a record is no longer what it was. */
    drifted: computed(() => list.items.value.filter(({ records }) => records.some(({ drifted }) => drifted))),
    async add(body: AddDomain, idempotencyKey: string): Promise<Domain> {
      const domain = await api.request(Domain, path, { method: 'POST', body, idempotencyKey })
      await list.refresh()
      return domain
    },
    /** Looks for the challenge of a claim, and at the records of a verified domain. */
    async verify(name: string): Promise<Domain> {
      const domain = await api.request(Domain, `${path}/${name}/verify`, { method: 'POST' })
      await list.refresh()
      return domain
    },
    async remove(name: string): Promise<void> {
      await api.command(`${path}/${name}`, { method: 'DELETE' })
      await list.refresh()
    },
  }
}

import type { ConnectedService, PutConnection, TestConnection } from '#shared/contracts/connections'
import { Connection, Connections, ConnectionTest } from '#shared/contracts/connections'

/** A tenant's own connections to services, in place of the platform's. */
export function useConnections(slug: string) {
  const api = useApi()
  const path = `/api/tenants/${slug}/connections`
  const page = usePageData(`connections:${slug}`, (ask) => api.request(Connections, path, ask))

  return {
    ...page,
    /** Undefined: the platform's is used. */
    of: (service: ConnectedService) => page.data.value?.items.find((one) => one.service === service),
    former: computed(() => page.data.value?.former ?? []),
    async put(service: ConnectedService, body: PutConnection): Promise<void> {
      await api.request(Connection, `${path}/${service}`, { method: 'PUT', body })
      await page.refresh()
    },
    /** Calls the service, with what is stored or with something else. The outcome for what is stored is kept with it. */
    async test(service: ConnectedService, body: TestConnection) {
      const outcome = await api.request(ConnectionTest, `${path}/${service}/test`, { method: 'POST', body })
      await page.refresh()
      return outcome
    },
    /** Somebody has seen to what was left at a former place. */
    async settle(id: string): Promise<void> {
      await api.command(`${path}/former/${id}`, { method: 'DELETE' })
      await page.refresh()
    },
    async remove(service: ConnectedService): Promise<void> {
      await api.command(`${path}/${service}`, { method: 'DELETE' })
      await page.refresh()
    },
  }
}

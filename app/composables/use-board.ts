import type { BoardDrift, DriftStatus } from '#shared/contracts/drift'
import type { ServiceName } from '#shared/contracts/provisioning'
import type { Settling } from './use-drift'
import { Board, BoardDriftPage, FailingStepPage, Retried, SweepPage } from '#shared/contracts/drift'
import { RunStarted } from '#shared/contracts/provisioning'

const path = '/api/operator'

/** All tenants at once, and what can be done about what fails. */
export function useBoard() {
  const api = useApi()
  const page = usePageData('board', async (ask) => ({
    board: await api.request(Board, `${path}/board`, ask),
    at: new Date().toISOString(),
  }))

  return {
    ...page,
    board: computed(() => page.data.value?.board),
    /** When its figures were fetched. */
    asOf: computed(() => page.data.value?.at),
    /** Has every tenant compared with every service; where that goes on already, it is the same one. */
    compare: () => api.request(RunStarted, `${path}/sweep`, { method: 'POST' }),
    /** Has one tenant looked at again, at every service. */
    retryTenant: (slug: string) =>
      api.request(RunStarted, `/api/tenants/${slug}/reconcile`, { method: 'POST', body: {} }),
    /**
     * Has all tenants looked at again of which a step failed at a service, a batch at a time.
     *
     * @param steps how many of them failed: those that fail once more meanwhile are not asked for without end
     * @param onAsked called after each batch
     * @returns how many tenants were asked
     */
    async retryService(service: ServiceName, steps: number, onAsked: (tenants: number) => void) {
      let tenants = 0
      while (tenants < steps) {
        const { asked } = await api.request(Retried, `${path}/retry`, { method: 'POST', body: { service } })
        if (asked === 0) break
        tenants += asked
        onAsked(tenants)
      }
      return tenants
    },
  }
}

/** The steps that failed, each with its tenant; of one service where it is told. */
export function useFailing(service: Ref<ServiceName | undefined>) {
  const api = useApi()
  return usePagedList(
    'board failing',
    (cursor, ask) =>
      api.request(FailingStepPage, `${path}/failing`, {
        ...ask,
        query: { service: service.value, cursor, limit: 10 },
      }),
    service,
  )
}

/**
 * What is not as it should be, of all tenants; at one service where it is told.
 *
 * @param status that wanted; undefined: what is open or being repaired
 */
export function useBoardDrift(service: Ref<ServiceName | undefined>, status: Ref<DriftStatus | undefined>) {
  const api = useApi()
  const list = usePagedList<BoardDrift>(
    'board drift',
    (cursor, ask) =>
      api.request(BoardDriftPage, `${path}/drift`, {
        ...ask,
        query: { service: service.value, status: status.value, cursor, limit: 10 },
      }),
    computed(() => `${service.value ?? ''} ${status.value ?? ''}`),
  )
  return {
    ...list,
    async settle({ id }: BoardDrift, how: Settling): Promise<void> {
      await api.command(`${path}/drift/${id}/${how}`, { method: 'POST' })
      await list.refresh()
    },
  }
}

/** The comparisons of all tenants with all services, newest first. */
export function useSweeps() {
  const api = useApi()
  return usePagedList('sweeps', (cursor, ask) =>
    api.request(SweepPage, `${path}/sweep`, { ...ask, query: { cursor, limit: 25 } }),
  )
}

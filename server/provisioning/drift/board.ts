import { z } from 'zod'
import type { DriftStatus } from '#shared/contracts/drift'
import type { OperatorScope, PlatformScope } from '#server/scope'
import type { PageRequest } from '#server/storage/page'
import type { TenantQueue } from '../queue.port'
import { serviceNames, type ServiceName, type StepPlanner } from '../step-planner.port'
import type { BreakerBoard } from './breakers'
import { shownStatuses } from './drift.policy'

const atOnce = 50

/** What the board is read from, beside the database. */
export interface BoardMeans {
  breakers: BreakerBoard
  queue: Pick<TenantQueue, 'depth'>
  /** Of the services that are configured. */
  planners: readonly Pick<StepPlanner, 'service'>[]
}

/** Tenants by state, what fails, what waits, what drifted, which services rest, and the last sweep. */
export async function getBoard(
  scope: OperatorScope | PlatformScope,
  { breakers, queue, planners }: BoardMeans,
) {
  const { tenants, failing, drift, steps, sweep } = await scope.stores.board.counts()
  const waiting = await queue.depth()
  const services = serviceNames.filter((name) => planners.some(({ service }) => service === name))
  const now = scope.clock.now().getTime()
  return {
    tenants: Object.fromEntries(tenants.map(({ status, _count }) => [status, _count])),
    failing: failing.map(({ service, _count }) => ({ service, steps: _count })),
    drift: drift.map(({ service, _count }) => ({ service, things: _count })),
    queue: {
      tenants: waiting.tenants,
      steps,
      oldestWaitSeconds:
        waiting.oldestAt && Math.max(0, Math.round((now - waiting.oldestAt.getTime()) / 1000)),
    },
    services,
    // What another replica told of one before it was taken out of the configuration says nothing any more.
    breakers: (await breakers.read()).filter(({ service }) => services.includes(service)),
    sweep: sweep && showSweep(sweep),
  }
}

/** A page of the steps that failed, of one service where it is told. */
export async function listFailing(
  scope: OperatorScope,
  request: PageRequest & { service?: ServiceName | undefined },
) {
  const { items, nextCursor } = await scope.stores.board.listFailing(request)
  const shown = items.map(({ tenant, service, step, error, nextAttemptAt, updatedAt }) => ({
    ...{ tenant, service, step, error: error ?? '' },
    ...{ nextAttemptAt, updatedAt },
  }))
  return { items: shown, nextCursor }
}

/** A page of what is open at the services, or of one status, of one service where it is told; that of nobody too. */
export function listAllDrift(
  scope: OperatorScope,
  request: PageRequest & { service?: ServiceName | undefined; status?: DriftStatus | undefined },
) {
  return scope.stores.board.listDrift(request, shownStatuses(request.status, ['open']))
}

/** A page of the sweeps, newest first. */
export async function listSweeps(scope: OperatorScope, request: PageRequest) {
  const { items, nextCursor } = await scope.stores.board.listSweeps(request)
  return { items: items.map(showSweep), nextCursor }
}

function showSweep<Sweep extends { failures: unknown }>({ failures, ...sweep }: Sweep) {
  return { ...sweep, failures: z.record(z.string(), z.string()).parse(failures) }
}

/** Asks for tenants of a service whose steps failed to be looked at again, fifty at most; to be called until 0 is given. */
export async function retryFailing(scope: OperatorScope, service: ServiceName): Promise<{ asked: number }> {
  const ids = await scope.transaction(async (stores) => {
    const asked = await stores.board.retryFailing(service, atOnce)
    for (const id of asked)
      await stores.ofTenant(id).audit.record({
        action: 'tenant.retry_requested',
        subject: { kind: 'tenant', id },
        after: { service },
      })
    return asked
  })
  for (const id of ids) scope.wake(id)
  return { asked: ids.length }
}

/** Asks for every tenant to be compared with every service now. Where that goes on already, it is the same one. */
export function requestSweep(scope: OperatorScope): Promise<{ runId: string }> {
  return scope.transaction(async (stores) => {
    const { runId, isNew } = await stores.board.askSweep()
    if (isNew) await stores.audit.record({ action: 'sweep.requested', subject: { kind: 'sweep', id: runId } })
    return { runId }
  })
}

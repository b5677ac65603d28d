import type { DriftStatus } from '#shared/contracts/drift'
import type { Clock } from '#server/lib/clock'
import type { DatabaseClient } from '#server/storage/database'
import { pageOfRows, toPage, type PageRequest } from '#server/storage/page'
import type { ServiceName } from '../step-planner.port'
import { tenantSteps } from '../steps'
import { stepsStore, type Asking } from '../steps.store'
import { repairableByItself } from './drift.store'
import { askSweep } from './sweeps.store'

const sweepShown = {
  ...{
    id: true,
    cause: true,
    status: true,
    pages: true,
    things: true,
    expected: true,
    tenants: true,
    drifted: true,
  },
  ...{ failures: true, startedAt: true, endedAt: true },
} as const

/** What operators see of all tenants at once: counts over indexes, so many statements however many tenants there are. */
export function boardStore(db: DatabaseClient, clock: Clock, asking: Asking) {
  return {
    async counts() {
      const tenants = await db.tenant.groupBy({ by: ['status'], _count: true })
      const failing = await db.provisioningStep.groupBy({
        by: ['service'],
        where: { status: 'error' },
        _count: true,
      })
      const drift = await db.resourceDrift.groupBy({
        by: ['service'],
        where: { status: { in: ['open', 'repairing'] } },
        _count: true,
      })
      const steps = await db.provisioningStep.count({
        where: { nextAttemptAt: { lte: clock.now() }, status: { not: 'running' } },
      })
      const sweep = await db.provisioningSweep.findFirst({
        orderBy: { startedAt: 'desc' },
        select: sweepShown,
      })
      return { tenants, failing, drift, steps, sweep }
    },

    /** A page of the steps that failed, each with its tenant. */
    async listFailing(request: PageRequest & { service?: ServiceName | undefined }) {
      const { where, ...page } = pageOfRows(request, 'newest first')
      const rows = await db.provisioningStep.findMany({
        where: { status: 'error', ...(request.service && { service: request.service }), ...where },
        ...page,
        include: { tenant: { select: { slug: true, name: true } } },
      })
      return toPage(rows, request)
    },

    /** A page of what is in one of these statuses, with its tenant where it is somebody's; newest first. */
    async listDrift(request: PageRequest & { service?: ServiceName | undefined }, statuses: DriftStatus[]) {
      const { where, ...page } = pageOfRows(request, 'newest first')
      const rows = await db.resourceDrift.findMany({
        where: { status: { in: statuses }, ...(request.service && { service: request.service }), ...where },
        ...page,
        include: { tenant: { select: { slug: true, name: true } } },
      })
      return toPage(rows, request)
    },

    async listSweeps(request: PageRequest) {
      const { where, ...page } = pageOfRows(request, 'newest first')
      return toPage(await db.provisioningSweep.findMany({ where, ...page, select: sweepShown }), request)
    },

    /**
     * Asks the tenants with a step of this service that failed, those first whose failure is the oldest; so many at
     * most.
     *
     * @returns their ids
     */
    async retryFailing(service: ServiceName, limit: number): Promise<string[]> {
      const ofTenant = tenantSteps.filter((step) => step.service === service).length
      const rows = await db.provisioningStep.findMany({
        where: { service, status: 'error' },
        orderBy: [{ updatedAt: 'asc' }, { id: 'asc' }],
        take: limit * ofTenant,
        select: { tenantId: true },
      })
      const tenantIds = [...new Set(rows.map(({ tenantId }) => tenantId))].slice(0, limit)
      for (const tenantId of tenantIds) await stepsStore(db, clock, tenantId, asking).ask('retry')
      return tenantIds
    },

    /** How many tenants are being repaired; no more than `limit` are counted. */
    async countRepairing(limit: number): Promise<number> {
      const rows = await db.resourceDrift.groupBy({
        by: ['tenantId'],
        where: { status: 'repairing' },
        orderBy: { tenantId: 'asc' },
        take: limit,
      })
      return rows.length
    },

    /**
     * Active tenants with something that is changed or missing, and was not asked for since a sweep last saw it; those
     * first that it was found of first.
     *
     * @returns their ids, so many at most
     */
    async listRepairable(limit: number): Promise<string[]> {
      const rows = await db.resourceDrift.groupBy({
        by: ['tenantId'],
        where: { ...repairableByItself, tenant: { status: 'active' } },
        orderBy: { _min: { id: 'asc' } },
        take: limit,
      })
      return rows.flatMap(({ tenantId }) => tenantId ?? [])
    },

    askSweep: () => askSweep(db, clock, 'requested'),
  }
}

import type { Clock } from '#server/lib/clock'
import type { Database } from '#server/storage/database'
import { freeAt } from './lease-terms'
import type { QueueDepth, TenantQueue } from './queue.port'
import { tenantSteps } from './steps'

export interface RowsQueue extends TenantQueue {
  /** The tenants that have a step due and nobody who works on them, those first that wait longest. */
  due(limit: number): Promise<{ due: string[]; nextAt: Date | undefined }>
  /** When a tenant is to be looked at again; undefined: when somebody asks. */
  nextLookAt(tenantId: string): Promise<Date | undefined>
}

/** The rows of the steps as the queue: within one process, and the truth for every other queue. */
export function createRowsQueue(database: Database, clock: Clock, leaseMs: number): RowsQueue {
  /** `nextAt`: when the next one will be, where all that are due now are among them. */
  async function due(limit: number) {
    const now = clock.now()
    const rows = await database.client.provisioningStep.findMany({
      where: { nextAttemptAt: { not: null }, tenant: { work: { is: freeAt(now, leaseMs) } } },
      orderBy: [{ nextAttemptAt: 'asc' }, { tenantId: 'asc' }],
      take: limit * tenantSteps.length,
      select: { tenantId: true, nextAttemptAt: true },
    })
    const later = rows.findIndex(({ nextAttemptAt }) => nextAttemptAt && nextAttemptAt > now)
    const found = new Set(rows.slice(0, later < 0 ? undefined : later).map(({ tenantId }) => tenantId))
    return { due: [...found].slice(0, limit), nextAt: rows[later]?.nextAttemptAt ?? undefined }
  }

  return {
    ask: () => Promise.resolve(),
    due,
    async take(_free, ahead) {
      const found = await due(ahead)
      const queued = found.due.map((tenantId) => ({ tenantId, done: () => Promise.resolve() }))
      return { due: queued, nextAt: found.nextAt }
    },
    async depth(): Promise<QueueDepth> {
      const now = clock.now()
      const isFree = { work: { is: freeAt(now, leaseMs) } }
      const isDue = { nextAttemptAt: { lte: now } }
      const tenants = await database.client.tenant.count({ where: { ...isFree, steps: { some: isDue } } })
      const oldest = await database.client.provisioningStep.findFirst({
        where: { ...isDue, tenant: isFree },
        orderBy: { nextAttemptAt: 'asc' },
        select: { nextAttemptAt: true },
      })
      return { tenants, oldestAt: oldest?.nextAttemptAt ?? null }
    },
    async nextLookAt(tenantId) {
      const step = await database.client.provisioningStep.findFirst({
        where: { tenantId, nextAttemptAt: { not: null } },
        orderBy: { nextAttemptAt: 'asc' },
        select: { nextAttemptAt: true, tenant: { select: { work: { select: { leaseUntil: true } } } } },
      })
      if (!step?.nextAttemptAt) return undefined
      const leaseUntil = step.tenant.work?.leaseUntil
      return leaseUntil && leaseUntil > step.nextAttemptAt ? leaseUntil : step.nextAttemptAt
    },
  }
}

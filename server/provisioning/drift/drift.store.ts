import type { DriftStatus } from '#shared/contracts/drift'
import type { DatabaseClient } from '#server/storage/database'
import { pageOfRows, toPage, type PageRequest } from '#server/storage/page'

/** What is repaired without anybody's asking, where that is wished: once for each time that a sweep sees it. */
export const repairableByItself = {
  status: 'open',
  what: { in: ['changed', 'missing'] },
  repairRunId: null,
} as { status: 'open'; what: { in: ('changed' | 'missing')[] }; repairRunId: null }

export type DriftStore = ReturnType<typeof driftStore>

/** What is not as it should be of one tenant, bound. Null: of all, and of what is nobody's. */
export function driftStore(db: DatabaseClient, tenantId: string | null) {
  const bound = tenantId === null ? {} : { tenantId }
  return {
    /** A page of what is in one of these statuses, newest first. */
    async list(request: PageRequest, statuses: DriftStatus[]) {
      const { where, ...page } = pageOfRows(request, 'newest first')
      const rows = await db.resourceDrift.findMany({
        where: { ...bound, status: { in: statuses }, ...where },
        ...page,
      })
      return toPage(rows, request)
    },

    find: (id: string) => db.resourceDrift.findFirst({ where: { id, ...bound } }),

    async settle(id: string, status: 'open' | 'accepted' | 'ignored'): Promise<void> {
      await db.resourceDrift.updateMany({ where: { id, ...bound }, data: { status } })
    },

    /** Marks what a run was asked to bring in line. */
    async repairing(id: string, repairRunId: string): Promise<void> {
      await db.resourceDrift.updateMany({
        where: { id, ...bound },
        data: { status: 'repairing', repairRunId },
      })
    },

    /** Marks all that is to be repaired by itself. @returns how much it is */
    async repairingByItself(repairRunId: string): Promise<number> {
      const { count } = await db.resourceDrift.updateMany({
        where: { ...repairableByItself, ...bound },
        data: { status: 'repairing', repairRunId },
      })
      return count
    },
  }
}

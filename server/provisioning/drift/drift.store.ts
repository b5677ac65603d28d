import type { DatabaseClient } from '#server/storage/database'
import { pageOfRows, toPage, type PageRequest } from '#server/storage/page'

/** What is not as it should be of one tenant, bound. */
export function driftStore(db: DatabaseClient, tenantId: string) {
  return {
    /** A page of what is open or was accepted, newest first. */
    async list(request: PageRequest) {
      const { where, ...page } = pageOfRows(request, 'newest first')
      const rows = await db.resourceDrift.findMany({
        where: { tenantId, status: { in: ['open', 'accepted'] }, ...where },
        ...page,
      })
      return toPage(rows, request)
    },

    find: (id: string) => db.resourceDrift.findFirst({ where: { id, tenantId } }),

    /** @returns whether it was there */
    async settle(id: string, status: 'accepted' | 'ignored' | 'repaired'): Promise<boolean> {
      const { count } = await db.resourceDrift.updateMany({ where: { id, tenantId }, data: { status } })
      return count > 0
    },
  }
}

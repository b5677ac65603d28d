import type { Clock } from '#server/lib/clock'
import type { DatabaseClient } from '#server/storage/database'
import { mostAskedAtOnce } from './person'
import { receiptsStore } from './receipts.store'
import { stepsStore, type Asking } from './steps.store'

/** What the services know of one person, bound: everything that a change of theirs shows in. */
export function personStore(db: DatabaseClient, clock: Clock, userId: string, asking: Asking) {
  return {
    /**
     * Asks for the steps of the tenants that the person is a member of. To be called in the transaction of the change
     * that asks for it. Safe to repeat.
     *
     * @param change.access whether it is one of who gets in: then receipts are opened, or withdrawn
     * @param after the last tenant that was asked for before; null: from the start
     * @returns ids of the tenants, to be woken after the commit; where there are `mostAskedAtOnce` of them, there may
     *   be more to be asked for in a further transaction
     */
    async askTenants({ access }: { access: boolean }, after: string | null = null): Promise<string[]> {
      const rows = await db.membership.findMany({
        where: { userId, ...(after !== null && { tenantId: { gt: after } }) },
        orderBy: { tenantId: 'asc' },
        take: mostAskedAtOnce,
        select: { tenantId: true },
      })
      for (const { tenantId } of rows) {
        if (access) await receiptsStore(db, clock, tenantId).follow(userId)
        await stepsStore(db, clock, tenantId, asking).ask('changed')
      }
      return rows.map(({ tenantId }) => tenantId)
    },
  }
}

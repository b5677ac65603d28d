import { connectionsHandle } from '#shared/contracts/vaults'
import type { Clock } from '#server/lib/clock'
import type { DatabaseClient } from '#server/storage/database'

/** Most tenants, and of each most vaults and services, that a person is offered. */
const most = 100

/** What a person who was given the address of a claim sees and does, bound to them. */
export function claimsStore(db: DatabaseClient, clock: Clock, userId: string) {
  return {
    /** The identity, where it asks to be claimed. */
    find: (identityId: string) =>
      db.identity.findFirst({ where: { id: identityId, status: 'pending', tenantId: null } }),

    /** The tenants for which they may accept it, with what a machine could reach and act for there. */
    async listTenants() {
      const rows = await db.membership.findMany({
        where: {
          userId,
          role: { in: ['owner', 'admin'] },
          tenant: { status: { in: ['pending', 'active'] } },
        },
        orderBy: { id: 'asc' },
        take: most,
        select: {
          tenant: {
            select: {
              slug: true,
              name: true,
              vaults: {
                where: { handle: { not: connectionsHandle } },
                orderBy: { id: 'asc' },
                take: most,
                select: { id: true, handle: true },
              },
              accounts: { orderBy: { id: 'asc' }, take: most, select: { name: true } },
            },
          },
        },
      })
      return rows.map(({ tenant: { accounts, ...tenant } }) => ({
        ...tenant,
        services: accounts.map(({ name }) => name),
      }))
    },

    /** @returns false where it asks no more */
    async reject(identityId: string): Promise<boolean> {
      const { count } = await db.identity.updateMany({
        where: { id: identityId, status: 'pending', tenantId: null },
        data: { status: 'rejected', version: { increment: 1 } },
      })
      if (count === 0) return false
      await db.identityClaim.updateMany({
        where: { identityId, status: 'pending' },
        data: { status: 'rejected', decidedById: userId, decidedAt: clock.now() },
      })
      return true
    },
  }
}

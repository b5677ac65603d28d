import type { Clock } from '#server/lib/clock'
import { newId } from '#server/lib/ids'
import type { DatabaseClient } from '#server/storage/database'

/** Ways back in for people who forgot their password; at most one of each user. */
export function resetsStore(db: DatabaseClient, clock: Clock) {
  return {
    /** In place of the user's former one. */
    async create(userId: string, tokenHash: string, expiresAt: Date): Promise<void> {
      await db.passwordReset.deleteMany({ where: { userId } })
      await db.passwordReset.create({
        data: { id: newId(), userId, tokenHash, createdAt: clock.now(), expiresAt },
      })
    },

    /** The one that can still be used, with its user. */
    find: (tokenHash: string) =>
      db.passwordReset.findFirst({
        where: { tokenHash, expiresAt: { gt: clock.now() }, user: { status: 'active' } },
        include: { user: true },
      }),

    /** Of callers at once, one alone is answered true. */
    async use(id: string): Promise<boolean> {
      return (await db.passwordReset.deleteMany({ where: { id } })).count > 0
    },

    removeAllOf: (userId: string) => db.passwordReset.deleteMany({ where: { userId } }),

    removeExpired: () => db.passwordReset.deleteMany({ where: { expiresAt: { lte: clock.now() } } }),
  }
}

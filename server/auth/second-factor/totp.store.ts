import { addSeconds, type Clock } from '#server/lib/clock'
import type { DatabaseClient } from '#server/storage/database'

/** How long a secret that was shown waits for its first code. */
const setupSeconds = 900

/** The app that shows one user's codes, bound. */
export function totpStore(db: DatabaseClient, clock: Clock, userId: string) {
  return {
    /** The one that counts, or null. */
    findConfirmed: () => db.totpFactor.findFirst({ where: { userId, confirmedAt: { not: null } } }),

    /** The one that is being set up, or null. */
    findUnconfirmed: () =>
      db.totpFactor.findFirst({
        where: { userId, confirmedAt: null, createdAt: { gt: addSeconds(clock.now(), -setupSeconds) } },
      }),

    /** Begins anew where one was being set up. @param secret sealed @returns whether it was begun: not where one counts */
    async begin(secret: string): Promise<boolean> {
      await db.totpFactor.deleteMany({ where: { userId, confirmedAt: null } })
      if (await db.totpFactor.findUnique({ where: { userId } })) return false
      await db.totpFactor.create({ data: { userId, secret, createdAt: clock.now() } })
      return true
    },

    /** @param secret sealed, that the code was held against @returns whether it was being set up, and counts now */
    async confirm(secret: string, step: bigint): Promise<boolean> {
      const data = { confirmedAt: clock.now(), lastStep: step }
      return (
        (await db.totpFactor.updateMany({ where: { userId, secret, confirmedAt: null }, data })).count > 0
      )
    },

    /** Uses up a time step and those before it. @returns false where that step or a later one was used before */
    async useStep(secret: string, step: bigint): Promise<boolean> {
      const unused = { OR: [{ lastStep: null }, { lastStep: { lt: step } }] }
      const where = { userId, secret, confirmedAt: { not: null }, ...unused }
      return (await db.totpFactor.updateMany({ where, data: { lastStep: step } })).count > 0
    },

    /** @returns whether there was one that counted */
    async remove(): Promise<boolean> {
      const confirmed = await db.totpFactor.count({ where: { userId, confirmedAt: { not: null } } })
      await db.totpFactor.deleteMany({ where: { userId } })
      return confirmed > 0
    },
  }
}

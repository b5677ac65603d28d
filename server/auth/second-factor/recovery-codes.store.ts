import type { Clock } from '#server/lib/clock'
import { newId } from '#server/lib/ids'
import type { DatabaseClient } from '#server/storage/database'

/** The recovery codes of one user, bound. Codes are known here by their keyed hashes. */
export function recoveryCodesStore(db: DatabaseClient, clock: Clock, userId: string) {
  return {
    count: () => db.recoveryCode.count({ where: { userId } }),

    /** In place of all that there were. */
    async replace(codeHashes: readonly string[]): Promise<void> {
      const createdAt = clock.now()
      await db.recoveryCode.deleteMany({ where: { userId } })
      await db.recoveryCode.createMany({
        data: codeHashes.map((codeHash) => ({ id: newId(), userId, codeHash, createdAt })),
      })
    },

    /** Of callers at once, one alone is answered true. */
    async use(codeHash: string): Promise<boolean> {
      return (await db.recoveryCode.deleteMany({ where: { userId, codeHash } })).count > 0
    },

    removeAll: () => db.recoveryCode.deleteMany({ where: { userId } }),
  }
}

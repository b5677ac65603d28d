import type { Clock } from '#server/lib/clock'
import type { DatabaseClient } from '#server/storage/database'

export interface MasterKeyRow {
  readonly id: string
  readonly derivation: string
  readonly salt: string
  readonly proof: string
  readonly state: 'current' | 'next' | 'retired'
  readonly successor: string | null
}

/** What is known of the master keys. */
export function masterKeysStore(db: DatabaseClient, clock: Clock) {
  return {
    /** Those whose successor can be learned. */
    listSucceeded: (): Promise<MasterKeyRow[]> =>
      db.masterKey.findMany({ where: { successor: { not: null } } }),

    find: (state: 'current' | 'next'): Promise<MasterKeyRow | null> =>
      db.masterKey.findFirst({ where: { state } }),

    create: (row: Omit<MasterKeyRow, 'successor'>): Promise<MasterKeyRow> =>
      db.masterKey.create({ data: { ...row, createdAt: clock.now() } }),

    /** Lets whoever holds a key learn the one that follows it. */
    publish: (id: string, successor: string) => db.masterKey.update({ where: { id }, data: { successor } }),

    /** The one that follows takes the place of the current one. */
    async promote(currentId: string, nextId: string): Promise<void> {
      const retiredAt = clock.now()
      await db.masterKey.update({ where: { id: currentId }, data: { state: 'retired', retiredAt } })
      await db.masterKey.update({ where: { id: nextId }, data: { state: 'current' } })
    },

    /** From now on a retired key leads to none of those that followed it. */
    forgetSuccessors: () =>
      db.masterKey.updateMany({
        where: { state: 'retired', successor: { not: null } },
        data: { successor: null },
      }),
  }
}

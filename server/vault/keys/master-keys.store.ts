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
    /** The current one, the one that is to follow, and those whose successor can still be learned. */
    listLive: (): Promise<MasterKeyRow[]> =>
      db.masterKey.findMany({
        where: { OR: [{ state: { in: ['current', 'next'] } }, { successor: { not: null } }] },
      }),

    find: (state: 'current' | 'next'): Promise<MasterKeyRow | null> =>
      db.masterKey.findFirst({ where: { state } }),

    create: (row: Omit<MasterKeyRow, 'successor'>): Promise<MasterKeyRow> =>
      db.masterKey.create({ data: { ...row, createdAt: clock.now() } }),
  }
}

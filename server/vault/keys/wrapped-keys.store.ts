import type { Clock } from '#server/lib/clock'
import type { DatabaseClient } from '#server/storage/database'

export interface WrappedKeyRow {
  readonly id: string
  readonly masterId: string
  readonly wrapped: string
}

/** The keys that a master key wraps. */
export function wrappedKeysStore(db: DatabaseClient, clock: Clock) {
  return {
    find: (id: string): Promise<WrappedKeyRow | null> => db.wrappedKey.findUnique({ where: { id } }),

    create: (row: WrappedKeyRow): Promise<WrappedKeyRow> => {
      const createdAt = clock.now()
      return db.wrappedKey.create({ data: { ...row, createdAt, wrappedAt: createdAt } })
    },

    remove: (id: string) => db.wrappedKey.deleteMany({ where: { id } }),
  }
}

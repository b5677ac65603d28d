import type { Clock } from '#server/lib/clock'
import type { DatabaseClient } from '#server/storage/database'

export interface WrappedKeyRow {
  readonly id: string
  readonly masterId: string
  readonly wrapped: string
}

const columns = { id: true, masterId: true, wrapped: true } as const

/** The keys that a master key wraps. */
export function wrappedKeysStore(db: DatabaseClient, clock: Clock) {
  return {
    find: (id: string): Promise<WrappedKeyRow | null> =>
      db.wrappedKey.findUnique({ where: { id }, select: columns }),

    create: (row: WrappedKeyRow) => {
      const createdAt = clock.now()
      return db.wrappedKey.create({ data: { ...row, createdAt, wrappedAt: createdAt } })
    },

    remove: (id: string) => db.wrappedKey.deleteMany({ where: { id } }),

    /** Some of those that this master key wraps; those that it no longer wraps are not seen again. */
    listWrappedBy: (masterId: string, limit: number): Promise<WrappedKeyRow[]> =>
      db.wrappedKey.findMany({ where: { masterId }, select: columns, orderBy: { id: 'asc' }, take: limit }),

    countWrappedBy: (masterId: string): Promise<number> => db.wrappedKey.count({ where: { masterId } }),

    /** Changes nothing where somebody else did meanwhile. */
    async rewrap({ id, masterId, wrapped }: WrappedKeyRow, formerly: WrappedKeyRow): Promise<void> {
      const where = { id, masterId: formerly.masterId, wrapped: formerly.wrapped }
      await db.wrappedKey.updateMany({ where, data: { masterId, wrapped, wrappedAt: clock.now() } })
    },
  }
}

import type { DatabaseClient } from '#server/storage/database'
import { beginningChain, chainCount, type Head } from '../chain/format'

/** Behind what a page of a chain begins: everything. */
export const beforeAll = -2_147_483_648

/** What a verification reads; outside of transactions, so that it keeps nobody waiting. */
export function verifyStore(db: DatabaseClient) {
  const outside = { OR: [{ chain: { lt: beginningChain } }, { chain: { gt: chainCount } }] }
  return {
    /** A page of a chain, in its order. */
    links: (chain: number, after: number, limit: number) =>
      db.auditEntry.findMany({
        where: { chain, sequence: { gt: after } },
        orderBy: { sequence: 'asc' },
        take: limit,
      }),

    async findLink(chain: number, sequence: number) {
      return db.auditEntry.findUnique({
        where: { chain_sequence: { chain, sequence } },
        select: { hash: true },
      })
    },

    async findHead(chain: number): Promise<(Head & { mac: string }) | null> {
      const row = await db.auditChain.findUnique({ where: { id: chain } })
      return row && { chain, sequence: row.sequence, hash: row.hash, mac: row.mac }
    },

    /** The hashes at places; of those where something stands. */
    async hashesAt(places: readonly Pick<Head, 'chain' | 'sequence'>[]): Promise<Head[]> {
      if (places.length === 0) return []
      return db.auditEntry.findMany({
        where: { OR: places.map(({ chain, sequence }) => ({ chain, sequence })) },
        select: { chain: true, sequence: true, hash: true },
      })
    },

    /** Entries of a chain that there is none of. */
    strays: (limit: number) =>
      db.auditEntry.findMany({
        where: outside,
        orderBy: [{ chain: 'asc' }, { sequence: 'asc' }],
        take: limit,
        select: { id: true, chain: true, sequence: true },
      }),
    countStrays: () => db.auditEntry.count({ where: outside }),
  }
}

export type VerifyStore = ReturnType<typeof verifyStore>

import { addSeconds, type Clock } from '#server/lib/clock'
import { sha256 } from '#server/lib/ids'
import type { Database, DatabaseClient } from '#server/storage/database'
import { beginningChain, chainCount, type Head } from '../chain/format'
import { digestOf, type Signer } from './statement'

/** Statements that are kept after they were delivered: of a month, where one is made every hour. */
const kept = 720
/** Who delivers has so long; who failed waits so long. */
const claimSeconds = 60

export interface NextExport {
  origin: string
  everySeconds: number
  signer: Signer
}

/** The statements of the audit: made one after the other, and delivered in that order, by whichever replica comes. */
export function exportsStore(database: Database, clock: Clock) {
  const { client } = database
  const newest = (db: DatabaseClient) => db.auditExport.findFirst({ orderBy: { sequence: 'desc' } })

  return {
    /**
     * Makes the next statement where it is time for one. The heads are read by one statement outside of the
     * transaction: whoever adds to the audit meanwhile is not kept waiting.
     */
    async makeNext({ origin, everySeconds, signer }: NextExport): Promise<boolean> {
      const isDue = (last: { at: Date } | null) => !last || addSeconds(last.at, everySeconds) <= clock.now()
      if (!isDue(await newest(client))) return false
      const rows = await client.auditChain.findMany({
        where: { id: { gte: beginningChain, lte: chainCount } },
        orderBy: { id: 'asc' },
      })
      const heads: Head[] = rows.map(({ id, sequence, hash }) => ({ chain: id, sequence, hash }))
      return database.transaction(async (tx) => {
        const last = await newest(tx)
        if (!isDue(last)) return false
        const known = new Map((await tx.auditExportedHead.findMany()).map((head) => [head.chain, head]))
        const moved = heads.filter(({ chain, sequence, hash }) => {
          const told = known.get(chain)
          return told ? told.hash !== hash || told.sequence !== sequence : sequence > 0
        })
        const sequence = (last?.sequence ?? 0) + 1
        const statement = signer.sign({
          ...{ v: 1, iss: origin, sequence, at: clock.now().toISOString() },
          previous: last && sha256(last.statement),
          heads: moved.map((head) => [head.chain, head.sequence, head.hash]),
          digest: digestOf(heads),
        })
        await tx.auditExport.create({ data: { sequence, at: clock.now(), statement } })
        await tx.auditExportedHead.deleteMany({ where: { chain: { in: moved.map(({ chain }) => chain) } } })
        await tx.auditExportedHead.createMany({ data: moved })
        await tx.auditExport.deleteMany({
          where: { deliveredAt: { not: null }, sequence: { lte: sequence - kept } },
        })
        return true
      })
    },

    /** The oldest statement that is not there yet, for this replica alone for a minute; null: none, or another's. */
    claimNext: () =>
      database.transaction(async (tx) => {
        const next = await tx.auditExport.findFirst({
          where: { deliveredAt: null },
          orderBy: { sequence: 'asc' },
        })
        if (!next || (next.claimedUntil && next.claimedUntil > clock.now())) return null
        const { sequence, statement } = next
        const claimedUntil = addSeconds(clock.now(), claimSeconds)
        await tx.auditExport.update({ where: { sequence }, data: { claimedUntil } })
        return { sequence, statement }
      }),

    async delivered(sequence: number): Promise<void> {
      await client.auditExport.updateMany({
        where: { sequence, deliveredAt: null },
        data: { deliveredAt: clock.now() },
      })
    },

    /** It is tried again after a minute. */
    async failed(sequence: number, failure: string): Promise<void> {
      await client.auditExport.updateMany({
        where: { sequence, deliveredAt: null },
        data: { failure, failedAt: clock.now() },
      })
    },

    /** The last that arrived, the last failure among those that are kept, and how many wait. */
    async state() {
      const [last, failed, waiting] = await Promise.all([
        client.auditExport.findFirst({
          where: { deliveredAt: { not: null } },
          orderBy: { sequence: 'desc' },
        }),
        client.auditExport.findFirst({ where: { failedAt: { not: null } }, orderBy: { sequence: 'desc' } }),
        client.auditExport.count({ where: { deliveredAt: null } }),
      ])
      return {
        delivered: last && { sequence: last.sequence, at: last.deliveredAt ?? last.at },
        failed: failed && {
          sequence: failed.sequence,
          at: failed.failedAt ?? failed.at,
          reason: failed.failure ?? '',
        },
        waiting,
      }
    },

    /** Those that are kept, oldest first. */
    async *read(): AsyncGenerator<string> {
      for (let after = 0; ;) {
        const rows = await client.auditExport.findMany({
          where: { sequence: { gt: after } },
          orderBy: { sequence: 'asc' },
          take: 100,
        })
        for (const { statement } of rows) yield statement
        const last = rows.at(-1)
        if (!last) return
        after = last.sequence
      }
    },
  }
}

export type ExportsStore = ReturnType<typeof exportsStore>

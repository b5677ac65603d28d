import type { Clock } from '#server/lib/clock'
import { newId } from '#server/lib/ids'
import type { DatabaseClient } from '#server/storage/database'
import { pageOfRows, toPage, type PageRequest } from '#server/storage/page'
import type { Findings } from './findings.policy'

export interface DomainRow {
  id: string
  tenantId: string
  name: string
  challenge: string
  createdAt: Date
  expiresAt: Date | null
  verifiedAt: Date | null
  checkedAt: Date | null
  findings: Findings | null
}

interface DomainRecordRow extends Omit<DomainRow, 'findings'> {
  findings: unknown
}

/** Findings are written here alone, in the one shape. */
const toRow = ({ findings, ...row }: DomainRecordRow): DomainRow => ({
  ...row,
  findings: findings as Findings | null,
})

export type DomainsStore = ReturnType<typeof domainsStore>

/** The domains of one tenant, bound. A claim that is over is not found, listed or counted: it is as good as gone. */
export function domainsStore(db: DatabaseClient, clock: Clock, tenantId: string) {
  const alive = () => ({ tenantId, OR: [{ expiresAt: null }, { expiresAt: { gt: clock.now() } }] })
  return {
    /** A page of domains, those that were added first first. */
    async list(request: PageRequest) {
      const { where, ...page } = pageOfRows(request, 'oldest first')
      const rows = await db.domain.findMany({ where: { ...alive(), ...where }, ...page })
      const { items, nextCursor } = toPage(rows, request)
      return { items: items.map(toRow), nextCursor }
    },

    async find(name: string): Promise<DomainRow | null> {
      const row = await db.domain.findFirst({ where: { ...alive(), name } })
      return row && toRow(row)
    },

    count: () => db.domain.count({ where: alive() }),

    countVerified: () => db.domain.count({ where: { tenantId, verifiedAt: { not: null } } }),

    /** Whether another tenant has one of these; not which, nor whose. */
    async areForeign(names: readonly string[]): Promise<boolean> {
      const where = { verifiedName: { in: [...names] }, tenantId: { not: tenantId } }
      return (await db.domain.findFirst({ where, select: { id: true } })) !== null
    },

    /** Makes a claim, in place of one of the same name that is over. */
    async claim(claim: { name: string; challenge: string; expiresAt: Date }): Promise<DomainRow> {
      const now = clock.now()
      await db.domain.deleteMany({ where: { tenantId, name: claim.name, expiresAt: { lte: now } } })
      const data = { ...claim, id: newId(), tenantId, createdAt: now, updatedAt: now }
      return toRow(await db.domain.create({ data }))
    },

    /**
     * Makes a claim the tenant's own.
     *
     * @returns whether it was one of this challenge; false where it was verified, removed or over meanwhile
     * @throws a unique violation of `verifiedName` where another tenant has it
     */
    async verify({ id, name, challenge }: DomainRow): Promise<boolean> {
      const now = clock.now()
      const { count } = await db.domain.updateMany({
        where: { id, tenantId, challenge, verifiedAt: null, expiresAt: { gt: now } },
        data: { verifiedAt: now, verifiedName: name, expiresAt: null, updatedAt: now },
      })
      return count > 0
    },

    /** @param checkedAt null: it is to be looked at again soon */
    async keepFindings(id: string, findings: Findings, checkedAt: Date | null): Promise<void> {
      const json = { ...findings, records: findings.records.map((record) => ({ ...record })) }
      await db.domain.updateMany({ where: { id, tenantId }, data: { findings: json, checkedAt } })
    },

    async remove(id: string): Promise<void> {
      await db.domain.deleteMany({ where: { id, tenantId } })
    },
  }
}

/** The domains of all tenants, for what keeps them in order. */
export function allDomainsStore(db: DatabaseClient, clock: Clock) {
  return {
    /** Removes the claims that nobody can verify any more. */
    removeExpired: () =>
      db.domain.deleteMany({ where: { verifiedAt: null, expiresAt: { lte: clock.now() } } }),

    /** The verified domains that were not looked at since a moment, the longest ago first. */
    async due(since: Date, limit: number): Promise<DomainRow[]> {
      const rows = await db.domain.findMany({
        where: {
          verifiedAt: { not: null },
          OR: [{ checkedAt: null }, { checkedAt: { lte: since } }],
          tenant: { status: { in: ['pending', 'active', 'suspended'] } },
        },
        orderBy: [{ checkedAt: { sort: 'asc', nulls: 'first' } }, { id: 'asc' }],
        take: limit,
      })
      return rows.map(toRow)
    },

    /** Takes one of those to look at it. Of replicas at once, one alone is answered true. */
    async take({ id, checkedAt }: DomainRow): Promise<boolean> {
      const { count } = await db.domain.updateMany({
        where: { id, checkedAt },
        data: { checkedAt: clock.now() },
      })
      return count > 0
    },
  }
}

import { addSeconds, type Clock } from '#server/lib/clock'
import { newId } from '#server/lib/ids'
import type { DatabaseClient } from '#server/storage/database'
import { pageOfRows, toPage, type PageRequest } from '#server/storage/page'

/** What was not finished by then never will be. */
const abandonedSeconds = 3600

export type ExportKind =
  'audit' | 'tenant' | 'subscription' | 'members' | 'domains' | 'resources' | 'machines' | 'tokens'
type Json = string | number | boolean | null | Json[] | { [key: string]: Json }

export interface ExportPart {
  number: number
  kind: ExportKind
  records: Json[]
}

/** The exports of one tenant, bound: what goes into them, and what they hold. */
export function exportsStore(db: DatabaseClient, clock: Clock, tenantId: string) {
  /** Ids are sorted by time, so that what is read behind one is what came later. */
  const page = (after: string | undefined, take: number) =>
    ({
      where: { tenantId, ...(after !== undefined && { id: { gt: after } }) },
      orderBy: { id: 'asc' },
      take,
    }) as const
  const rowsOf = (kind: ExportKind, after: string | undefined, take: number): Promise<{ id: string }[]> => {
    switch (kind) {
      case 'audit':
        return db.auditEntry.findMany(page(after, take))
      case 'tenant':
        return db.tenant.findMany({ where: { id: tenantId }, omit: { nameKey: true } })
      case 'subscription':
        return db.subscription.findMany(page(after, take))
      case 'members':
        return db.membership.findMany({
          ...page(after, take),
          include: { user: { select: { email: true, name: true, status: true } } },
        })
      case 'domains':
        return db.domain.findMany(page(after, take))
      case 'resources':
        return db.provisionedResource.findMany(page(after, take))
      case 'machines':
        return db.identity.findMany({ ...page(after, take), include: { claims: true } })
      case 'tokens':
        return db.apiToken.findMany({ ...page(after, take), omit: { tokenHash: true } })
    }
  }

  return {
    /** What is on record, oldest first. @returns `next`: behind which to go on; undefined: that is all for now */
    async read(kind: ExportKind, after: string | undefined, limit: number) {
      const rows = await rowsOf(kind, after, limit)
      const last = rows.at(-1)?.id
      const records = rows.map((row) => JSON.parse(JSON.stringify(row)) as Json)
      return { records, last, next: kind !== 'tenant' && rows.length === limit ? last : undefined }
    },

    /** Begins one, and removes what was never finished; not what somebody else may be writing now. */
    async begin() {
      const createdAt = { lt: addSeconds(clock.now(), -abandonedSeconds) }
      await db.tenantExport.deleteMany({ where: { tenantId, completedAt: null, createdAt } })
      return db.tenantExport.create({ data: { id: newId(), tenantId, createdAt: clock.now() } })
    },

    /** Within an export numbers are given once. */
    async addPart(exportId: string, { number, kind, records }: ExportPart): Promise<void> {
      await db.tenantExportPart.create({ data: { exportId, number, kind, records } })
    },

    finish: (id: string) => db.tenantExport.update({ where: { id }, data: { completedAt: clock.now() } }),

    /** A page of those that are finished, newest first. */
    async list(request: PageRequest) {
      const { where, ...rest } = pageOfRows(request, 'newest first')
      const rows = await db.tenantExport.findMany({
        where: { tenantId, completedAt: { not: null }, ...where },
        ...rest,
        include: { _count: { select: { parts: true } } },
      })
      const { items, nextCursor } = toPage(rows, request)
      return {
        items: items.map(({ id, createdAt, _count }) => ({ id, createdAt, parts: _count.parts })),
        nextCursor,
      }
    },

    /** Parts of a finished one, in their order. @returns null where there is none of this id */
    async find(id: string, { after, limit }: { after: number; limit: number }) {
      const found = await db.tenantExport.findFirst({
        where: { id, tenantId, completedAt: { not: null } },
        include: { parts: { where: { number: { gt: after } }, orderBy: { number: 'asc' }, take: limit + 1 } },
      })
      if (!found) return null
      const parts = found.parts.slice(0, limit)
      return {
        id,
        createdAt: found.createdAt,
        parts: parts.map(({ number, kind, records }) => ({
          number,
          kind,
          records: Array.isArray(records) ? records : [],
        })),
        next: found.parts.length > limit ? (parts.at(-1)?.number ?? null) : null,
      }
    },
  }
}

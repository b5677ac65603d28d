import { z } from 'zod'
import type { ConnectedService } from '#shared/contracts/connections'
import type { Clock } from '#server/lib/clock'
import { newId } from '#server/lib/ids'
import type { DatabaseClient } from '#server/storage/database'
import type { Resource, ServiceName } from '../step-planner.port'
import { isConnected } from './connected.store'
import type { FormerPlace, LeftThings } from './left-behind'

const Left = z.array(z.object({ step: z.string(), kinds: z.record(z.string(), z.number()) }))

const stored = (left: unknown): LeftThings | null => Left.nullable().parse(left ?? null)

const countThings = (left: LeftThings): number =>
  left.flatMap(({ kinds }) => Object.values(kinds)).reduce((sum, count) => sum + count, 0)

/** A place as its tenant's people see it. */
export interface FormerRow {
  id: string
  service: ConnectedService
  /** Null: the platform's own. */
  apiUrl: string | null
  things: number
  leftAt: Date
}

/** So many are shown. */
const mostShown = 50

/** Where one tenant was before and left something, bound. */
export function formerStore(db: DatabaseClient, clock: Clock, tenantId: string) {
  const select = { id: true, service: true, apiUrl: true, things: true, leftAt: true } as const
  const toRow = ({ service, ...row }: Omit<FormerRow, 'service'> & { service: ServiceName }): FormerRow[] =>
    isConnected(service) ? [{ ...row, service }] : []
  return {
    /** The latest first. */
    async list(): Promise<FormerRow[]> {
      const rows = await db.formerConnection.findMany({
        where: { tenantId },
        orderBy: { id: 'desc' },
        take: mostShown,
        select,
      })
      return rows.flatMap(toRow)
    },

    /** Writes down that the tenant goes from one place to another, and what it leaves. Null: the platform's own. */
    async move(
      service: ConnectedService,
      { from, to, left }: { from: string | null; to: string | null; left: LeftThings },
    ): Promise<void> {
      // Where it comes back to, what is there is looked after again.
      await db.formerConnection.deleteMany({
        where: { tenantId, service, OR: [{ apiUrl: from }, { apiUrl: to }] },
      })
      if (left.length === 0) return
      const data = { id: newId(), tenantId, service, apiUrl: from, leftAt: clock.now() }
      await db.formerConnection.create({ data: { ...data, left: [...left], things: countThings(left) } })
    },

    /** Somebody has seen to what is there: it is told no more. @returns what it was; null: there is none */
    async settle(id: string): Promise<FormerRow | null> {
      const row = await db.formerConnection.findFirst({ where: { id, tenantId }, select })
      if (!row) return null
      await db.formerConnection.delete({ where: { id } })
      return toRow(row)[0] ?? null
    },
  }
}

/** Those of a tenant, the one that was left last at the end. */
export async function readFormer(db: DatabaseClient, tenantId: string): Promise<FormerPlace[]> {
  const rows = await db.formerConnection.findMany({
    where: { tenantId },
    orderBy: [{ leftAt: 'asc' }, { id: 'asc' }],
    select: { id: true, service: true, apiUrl: true, things: true, left: true, leftAt: true },
  })
  return rows.map((row) => ({ ...row, left: stored(row.left) }))
}

/**
 * Notes what a step made at a place that the tenant had left by then: nothing else is known of it any more.
 *
 * @param resources what was read there at the end; undefined: it was cut off in the middle
 */
export async function noteLeftLate(
  tx: DatabaseClient,
  now: Date,
  of: { tenantId: string; service: ServiceName; step: string; place: string | null },
  resources: readonly Resource[] | undefined,
): Promise<void> {
  if (resources?.length === 0) return
  const { tenantId, service, step, place: apiUrl } = of
  const where = { tenantId, service, apiUrl }
  const row = await tx.formerConnection.findFirst({ where, select: { id: true, left: true } })
  const others = (row && stored(row.left))?.filter((one) => one.step !== step) ?? []
  const left = [...others, { step, kinds: countKinds(resources ?? []) }]
  const data = { left, things: countThings(left) }
  if (row) await tx.formerConnection.update({ where: { id: row.id }, data })
  else await tx.formerConnection.create({ data: { ...data, ...where, id: newId(), leftAt: now } })
}

function countKinds(resources: readonly Resource[]): Record<string, number> {
  const kinds: Record<string, number> = {}
  for (const { kind } of resources) kinds[kind] = (kinds[kind] ?? 0) + 1
  return kinds
}

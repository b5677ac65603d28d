import { plans, type Plan } from '#shared/contracts/subscriptions'
import type { Clock } from '#server/lib/clock'
import { newId } from '#server/lib/ids'
import type { DatabaseClient } from '#server/storage/database'
import { pageOfRows, searchPrefix, toPage, type PageRequest } from '#server/storage/page'

export interface SubscriptionRow {
  id: string
  /** Its slug. */
  tenant: string
  plan: Plan
  seats: number
  seatsUsed: number
  storageGibibytes: number
  createdAt: Date
  updatedAt: Date
  version: number
}

export interface SubscriptionFilter extends PageRequest {
  search?: string | undefined
  plan?: Plan | undefined
}

export type SubscriptionsStore = ReturnType<typeof subscriptionsStore>
export type SubscriptionStore = ReturnType<typeof subscriptionStore>

const withUse = { tenant: { select: { slug: true, _count: { select: { members: true } } } } }

interface SubscriptionRecord extends Pick<
  SubscriptionRow,
  'id' | 'plan' | 'createdAt' | 'updatedAt' | 'version'
> {
  tenant: { slug: string; _count: { members: number } }
}

function toRow({ id, plan, createdAt, updatedAt, version, tenant }: SubscriptionRecord): SubscriptionRow {
  const { seats, storageGibibytes } = plans[plan]
  const seatsUsed = tenant._count.members
  return { id, tenant: tenant.slug, plan, seats, seatsUsed, storageGibibytes, createdAt, updatedAt, version }
}

/** Subscriptions as one viewer sees them: those of their tenants, or all. */
export function subscriptionsStore(db: DatabaseClient, viewer: { userId: string; all: boolean }) {
  const visible = viewer.all ? {} : { members: { some: { userId: viewer.userId } } }
  return {
    /** A page of subscriptions, newest first; `search` is the start of the tenant's slug or name. */
    async list(filter: SubscriptionFilter) {
      const { where, ...page } = pageOfRows(filter, 'newest first')
      const key = searchPrefix(filter.search)
      const matching = key ? { OR: [{ slug: { startsWith: key } }, { nameKey: { startsWith: key } }] } : {}
      const rows = await db.subscription.findMany({
        where: { ...where, ...(filter.plan && { plan: filter.plan }), tenant: { ...visible, ...matching } },
        ...page,
        include: withUse,
      })
      const { items, nextCursor } = toPage(rows, filter)
      return { items: items.map(toRow), nextCursor }
    },
  }
}

/** The subscription of one tenant, bound. */
export function subscriptionStore(db: DatabaseClient, clock: Clock, tenantId: string) {
  return {
    async get(): Promise<SubscriptionRow> {
      return toRow(await db.subscription.findUniqueOrThrow({ where: { tenantId }, include: withUse }))
    },

    create(plan: Plan) {
      const now = clock.now()
      return db.subscription.create({ data: { id: newId(), tenantId, plan, createdAt: now, updatedAt: now } })
    },

    /** @returns whether it was changed: false where `version` is no longer the subscription's */
    async setPlan(plan: Plan, version?: number): Promise<boolean> {
      const { count } = await db.subscription.updateMany({
        where: { tenantId, ...(version !== undefined && { version }) },
        data: { plan, updatedAt: clock.now(), version: { increment: 1 } },
      })
      return count > 0
    },
  }
}

import type { MailLanguage } from '#shared/contracts/languages'
import type { TenantRole, TenantStatus } from '#shared/contracts/tenants'
import { languageOf } from '#server/domain/mail/mail'
import type { Clock } from '#server/lib/clock'
import { newId } from '#server/lib/ids'
import type { DatabaseClient } from '#server/storage/database'
import { pageOfRows, searchKey, searchPrefix, toPage, type PageRequest } from '#server/storage/page'

/** A tenant as it is shown: with its plan, and the role that the one who asks has in it. */
export interface TenantRow {
  id: string
  slug: string
  name: string
  status: TenantStatus
  plan: 'mvp' | 'pro' | 'enterprise'
  role: TenantRole | null
  domains: string[]
  purgeAt: Date | null
  locale: MailLanguage
  approveDeletions: boolean
  createdAt: Date
  updatedAt: Date
  version: number
}

/** What of a tenant's record can be changed. */
export interface TenantChange {
  name?: string
  status?: TenantStatus
  purgeAt?: Date | null
  locale?: MailLanguage
  approveDeletions?: boolean
}

export interface TenantFilter extends PageRequest {
  search?: string | undefined
  status?: TenantStatus | undefined
}

export type TenantsStore = ReturnType<typeof tenantsStore>
export type TenantStore = ReturnType<typeof tenantStore>

/** What is read with each tenant; `viewerId` is the user whose role is wanted. */
const withStanding = (viewerId: string) => ({
  subscription: { select: { plan: true } },
  members: { where: { userId: viewerId }, select: { role: true } },
  domains: {
    where: { verifiedAt: { not: null } },
    select: { name: true },
    orderBy: [{ verifiedAt: 'asc' as const }, { name: 'asc' as const }],
  },
})

interface TenantRecord extends Omit<TenantRow, 'plan' | 'role' | 'domains' | 'locale'> {
  nameKey: string
  locale: string
  subscription: { plan: TenantRow['plan'] } | null
  members: { role: TenantRole }[]
  domains: { name: string }[]
}

function toRow({ subscription, members, domains, nameKey: _, ...tenant }: TenantRecord): TenantRow {
  if (!subscription) throw new Error(`Tenant ${tenant.id} has no subscription`)
  const role = members[0]?.role ?? null
  return {
    ...tenant,
    locale: languageOf(tenant.locale),
    plan: subscription.plan,
    role,
    domains: domains.map(({ name }) => name),
  }
}

/**
 * Tenants as one viewer sees them.
 *
 * @param viewer whose role is shown; `all`: every tenant is seen, otherwise only those that the viewer is a member of
 */
export function tenantsStore(db: DatabaseClient, clock: Clock, viewer: { userId: string; all: boolean }) {
  const visible = viewer.all ? {} : { members: { some: { userId: viewer.userId } } }
  const include = withStanding(viewer.userId)

  return {
    /** A page of the visible tenants, newest first; `search` is the start of slug or name. */
    async list(filter: TenantFilter) {
      const { where, ...page } = pageOfRows(filter, 'newest first')
      const key = searchPrefix(filter.search)
      const matching = key ? { OR: [{ slug: { startsWith: key } }, { nameKey: { startsWith: key } }] } : {}
      const status = filter.status && { status: filter.status }
      const rows = await db.tenant.findMany({
        where: { ...where, ...visible, ...matching, ...status },
        ...page,
        include,
      })
      const { items, nextCursor } = toPage(rows, filter)
      return { items: items.map(toRow), nextCursor }
    },

    /** The visible tenant of this slug, or null. */
    async findBySlug(slug: string): Promise<TenantRow | null> {
      const tenant = await db.tenant.findFirst({ where: { slug, ...visible }, include })
      return tenant && toRow(tenant)
    },

    /** Whether any tenant has this slug, visible or not. */
    slugTaken: async (slug: string) => (await db.tenant.count({ where: { slug } })) > 0,

    /** Makes the tenant, without what belongs to it. */
    create(tenant: { slug: string; name: string; locale: MailLanguage }) {
      const now = clock.now()
      return db.tenant.create({
        data: { ...tenant, id: newId(), nameKey: searchKey(tenant.name), createdAt: now, updatedAt: now },
      })
    },
  }
}

/** One tenant, bound. */
export function tenantStore(db: DatabaseClient, clock: Clock, tenantId: string, viewerId: string) {
  return {
    async get(): Promise<TenantRow> {
      return toRow(
        await db.tenant.findUniqueOrThrow({ where: { id: tenantId }, include: withStanding(viewerId) }),
      )
    },

    /** @returns whether it was changed: false where `version` is no longer the tenant's */
    async update(change: TenantChange, version?: number) {
      const { count } = await db.tenant.updateMany({
        where: { id: tenantId, ...(version !== undefined && { version }) },
        data: {
          ...change,
          ...(change.name !== undefined && { nameKey: searchKey(change.name) }),
          updatedAt: clock.now(),
          version: { increment: 1 },
        },
      })
      return count > 0
    },
  }
}

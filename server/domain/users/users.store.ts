import type { PlatformRole } from '#shared/contracts/users'
import type { Clock } from '#server/lib/clock'
import { newId } from '#server/lib/ids'
import type { DatabaseClient } from '#server/storage/database'
import { pageOfRows, searchKey, searchPrefix, toPage, type PageRequest } from '#server/storage/page'
import { erasePerson } from './erasure.store'

export type UsersStore = ReturnType<typeof usersStore>
export type UserRow = NonNullable<Awaited<ReturnType<UsersStore['find']>>>

/** What may be changed of a user in one write. */
export interface UserChange {
  email?: string | null | undefined
  emailVerified?: boolean | undefined
  name?: string | undefined
  locale?: string | null | undefined
  picture?: string | null | undefined
  platformRole?: PlatformRole | undefined
  roleSource?: 'manual' | 'idp' | undefined
  status?: 'active' | 'disabled' | undefined
  passwordHash?: string | undefined
}

/** A user to be made. */
interface NewUser {
  email: string | null
  /** Whether it is known to be theirs. */
  emailVerified: boolean
  name: string
  locale?: string | null
  picture?: string | null
  platformRole: PlatformRole
  passwordHash: string | null
}

/** All users of the platform. */
export function usersStore(db: DatabaseClient, clock: Clock) {
  return {
    find: (id: string) => db.user.findUnique({ where: { id } }),

    /** Whoever has the address, known to be theirs or not. @param email in lower case */
    findByEmail: (email: string) => db.user.findUnique({ where: { email } }),

    /** Whose address it is known to be; who only claims it is nobody. @param email in lower case */
    findByVerifiedEmail: (email: string) => db.user.findUnique({ where: { email, emailVerified: true } }),

    countOperators: () => db.user.count({ where: { platformRole: 'operator' } }),

    countActiveOperators: () => db.user.count({ where: { platformRole: 'operator', status: 'active' } }),

    /** A page of users who are not deleted, newest first; `search` is the start of e-mail or name. */
    async list(request: PageRequest & { search?: string | undefined }) {
      const { where, ...page } = pageOfRows(request, 'newest first')
      const key = searchPrefix(request.search)
      const matching = key ? { OR: [{ email: { startsWith: key } }, { nameKey: { startsWith: key } }] } : {}
      const rows = await db.user.findMany({
        where: { ...where, ...matching, status: { not: 'deleted' } },
        ...page,
      })
      return toPage(rows, request)
    },

    create(user: NewUser) {
      const now = clock.now()
      const nameKey = searchKey(user.name)
      return db.user.create({ data: { ...user, id: newId(), nameKey, createdAt: now, updatedAt: now } })
    },

    /** @returns the changed user; null where no user has this id, or `version` is no longer the user's */
    async update(id: string, change: UserChange, version?: number) {
      const { count } = await db.user.updateMany({
        where: { id, ...(version !== undefined && { version }) },
        data: {
          ...change,
          ...(change.name !== undefined && { nameKey: searchKey(change.name) }),
          updatedAt: clock.now(),
          version: { increment: 1 },
        },
      })
      return count ? db.user.findUnique({ where: { id } }) : null
    },

    /** Notes a login, with a renewed hash where there is one. @returns null where the user may not sign in any more */
    async noteLogin(id: string, passwordHash?: string) {
      const change = { lastLoginAt: clock.now(), passwordHash }
      const { count } = await db.user.updateMany({ where: { id, status: 'active' }, data: change })
      return count ? db.user.findUnique({ where: { id } }) : null
    },

    erase: (id: string) => erasePerson(db, clock, id),

    /** Tenants of which this person is the only owner: at most so many slugs. */
    async soleOwnerships(id: string, limit = 10): Promise<string[]> {
      const owned = await db.membership.findMany({
        where: {
          userId: id,
          role: 'owner',
          tenant: { members: { none: { role: 'owner', userId: { not: id } } } },
        },
        select: { tenant: { select: { slug: true } } },
        take: limit,
      })
      return owned.map(({ tenant }) => tenant.slug)
    },

    /** A page of somebody's memberships with their tenants, those that came first first. */
    async listMemberships(userId: string, request: PageRequest) {
      const { where, ...page } = pageOfRows(request, 'oldest first')
      const tenant = { select: { slug: true, name: true, status: true } }
      const rows = await db.membership.findMany({
        where: { userId, ...where },
        ...page,
        include: { tenant },
      })
      return toPage(rows, request)
    },

    /** A page of how OpenID providers know somebody, those that came first first. */
    async listIdentities(userId: string, request: PageRequest) {
      const { where, ...page } = pageOfRows(request, 'oldest first')
      return toPage(await db.externalIdentity.findMany({ where: { userId, ...where }, ...page }), request)
    },

    /** So many of somebody's memberships at most, to be ended. */
    listMembershipsToEnd: (id: string, limit: number) =>
      db.membership.findMany({
        where: { userId: id },
        orderBy: { tenantId: 'asc' },
        take: limit,
        select: { tenantId: true, role: true, source: true },
      }),

    async endMemberships(id: string, tenantIds: readonly string[]): Promise<void> {
      await db.membership.deleteMany({ where: { userId: id, tenantId: { in: [...tenantIds] } } })
    },
  }
}

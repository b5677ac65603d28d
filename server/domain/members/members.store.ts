import type { TenantRole } from '#shared/contracts/tenants'
import type { Clock } from '#server/lib/clock'
import { newId } from '#server/lib/ids'
import type { DatabaseClient } from '#server/storage/database'
import { pageOfRows, searchPrefix, toPage, type PageRequest } from '#server/storage/page'

export interface MemberRow {
  userId: string
  email: string | null
  name: string
  role: TenantRole
  source: 'manual' | 'idp' | 'invitation'
  createdAt: Date
  version: number
}

export type MembersStore = ReturnType<typeof membersStore>

const person = { user: { select: { email: true, name: true } } }

function toMember(
  row: Omit<MemberRow, 'email' | 'name'> & { user: { email: string | null; name: string } },
): MemberRow {
  const { userId, role, source, createdAt, version, user } = row
  return { userId, email: user.email, name: user.name, role, source, createdAt, version }
}

/**
 * The members of one tenant, bound.
 *
 * @param rightsChanged to be told, in the same transaction, of whoever may do more or less from now on
 */
export function membersStore(
  db: DatabaseClient,
  clock: Clock,
  tenantId: string,
  rightsChanged: (userId: string) => Promise<unknown>,
) {
  const one = (userId: string) => ({ tenantId_userId: { tenantId, userId } })
  return {
    /** A page of members, those who came first first; `search` is the start of e-mail or name. */
    async list(request: PageRequest & { search?: string | undefined }) {
      const { where, ...page } = pageOfRows(request, 'oldest first')
      const key = searchPrefix(request.search)
      const matching = key
        ? { user: { OR: [{ email: { startsWith: key } }, { nameKey: { startsWith: key } }] } }
        : {}
      const rows = await db.membership.findMany({
        where: { tenantId, ...where, ...matching },
        ...page,
        include: person,
      })
      const { items, nextCursor } = toPage(rows, request)
      return { items: items.map(toMember), nextCursor }
    },

    async find(userId: string): Promise<MemberRow | null> {
      const row = await db.membership.findUnique({ where: one(userId), include: person })
      return row && toMember(row)
    },

    count: () => db.membership.count({ where: { tenantId } }),

    countOwners: () => db.membership.count({ where: { tenantId, role: 'owner' } }),

    async add(userId: string, role: TenantRole, source: MemberRow['source']): Promise<MemberRow> {
      const now = clock.now()
      const data = { id: newId(), tenantId, userId, role, source, createdAt: now, updatedAt: now }
      const member = toMember(await db.membership.create({ data, include: person }))
      await rightsChanged(userId)
      return member
    },

    /** @returns whether it was changed: false where `version` is no longer the membership's */
    async setRole(userId: string, role: TenantRole, version?: number): Promise<boolean> {
      const { count } = await db.membership.updateMany({
        where: { tenantId, userId, ...(version !== undefined && { version }) },
        data: { role, updatedAt: clock.now(), version: { increment: 1 } },
      })
      if (count > 0) await rightsChanged(userId)
      return count > 0
    },

    /** Makes a membership one that its holder accepted, which no provider's group takes away. */
    async accept(userId: string, role: TenantRole): Promise<void> {
      await db.membership.updateMany({
        where: { tenantId, userId },
        data: { role, source: 'invitation', updatedAt: clock.now(), version: { increment: 1 } },
      })
      await rightsChanged(userId)
    },

    async remove(userId: string): Promise<void> {
      await db.membership.deleteMany({ where: { tenantId, userId } })
      await rightsChanged(userId)
    },
  }
}

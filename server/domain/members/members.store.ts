import { join, sqltag as sql } from '@prisma/client/runtime/client'
import type { TenantRole } from '#shared/contracts/tenants'
import type { Clock } from '#server/lib/clock'
import { newId } from '#server/lib/ids'
import type { DatabaseClient } from '#server/storage/database'
import { pageOfRows, searchPrefix, toPage, type PageRequest } from '#server/storage/page'
import { freeMailbox, isAtHome, mailboxBase } from './mailboxes.policy'

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

/** How many memberships are changed by one statement. */
const chunk = 500

/** Names of mailboxes in one tenant. Each is given once and stays; people of the tenant's own domains choose first. */
function mailboxesOf(db: DatabaseClient, tenantId: string) {
  async function verifiedDomains(): Promise<string[]> {
    const rows = await db.domain.findMany({
      where: { tenantId, verifiedAt: { not: null } },
      select: { name: true },
    })
    return rows.map(({ name }) => name)
  }
  return {
    /** For somebody who joins; null while the tenant has no verified domain. */
    async nextFor(userId: string): Promise<string | null> {
      if ((await verifiedDomains()).length === 0) return null
      const user = await db.user.findUniqueOrThrow({
        where: { id: userId },
        select: { email: true, name: true },
      })
      const base = mailboxBase(user)
      // Others that begin alike are among them, which costs nothing.
      const near = await db.membership.findMany({
        where: { tenantId, mailbox: { startsWith: base } },
        select: { mailbox: true },
      })
      return freeMailbox(base, new Set(near.flatMap(({ mailbox }) => mailbox ?? [])))
    },

    async assign(): Promise<void> {
      const domains = await verifiedDomains()
      const rows = await db.membership.findMany({
        where: { tenantId },
        orderBy: { id: 'asc' },
        select: { id: true, mailbox: true, ...person },
      })
      const taken = new Set(rows.flatMap(({ mailbox }) => mailbox ?? []))
      const without = rows.filter(({ mailbox }) => mailbox === null)
      const given = [true, false].flatMap((first) =>
        without
          .filter(({ user }) => isAtHome(user, domains) === first)
          .map(({ id, user }) => {
            const mailbox = freeMailbox(mailboxBase(user), taken)
            taken.add(mailbox)
            return { id, mailbox }
          }),
      )
      for (let start = 0; start < given.length; start += chunk)
        await writeMailboxes(db, given.slice(start, start + chunk))
    },
  }
}

/** One statement for many rows: each in its own would keep the transaction open for seconds where there are thousands. */
async function writeMailboxes(db: DatabaseClient, rows: { id: string; mailbox: string }[]): Promise<void> {
  const cases = rows.map(({ id, mailbox }) => sql`WHEN ${id} THEN ${mailbox}`)
  const ids = rows.map(({ id }) => id)
  await db.$executeRaw`UPDATE "Membership" SET "mailbox" = CASE "id" ${join(cases, ' ')} END WHERE "id" IN (${join(ids)})`
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
  rightsChanged: (userId: string, machines?: readonly string[]) => Promise<unknown>,
) {
  const one = (userId: string) => ({ tenantId_userId: { tenantId, userId } })
  const mailboxes = mailboxesOf(db, tenantId)
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
      const mailbox = await mailboxes.nextFor(userId)
      const data = { id: newId(), tenantId, userId, role, source, mailbox, createdAt: now, updatedAt: now }
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

    /** Gives a mailbox to every member who has none; to be called once the tenant has a verified domain. */
    assignMailboxes: mailboxes.assign,

    /** Whether anybody has a mailbox. */
    async haveMailboxes(): Promise<boolean> {
      const where = { tenantId, mailbox: { not: null } }
      return (await db.membership.findFirst({ where, select: { id: true } })) !== null
    },

    /** @param machines names of what acted for them, and was ended before: with the membership goes its trace */
    async remove(userId: string, machines: readonly string[] = []): Promise<void> {
      await db.membership.deleteMany({ where: { tenantId, userId } })
      await rightsChanged(userId, machines)
    },
  }
}

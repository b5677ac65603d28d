import type { TenantRole } from '#shared/contracts/tenants'
import type { Clock } from '#server/lib/clock'
import { newId } from '#server/lib/ids'
import type { DatabaseClient } from '#server/storage/database'
import { pageOfRows, toPage, type PageRequest } from '#server/storage/page'
import type { Addressee } from './invitations.policy'

export interface InvitationRow {
  id: string
  email: string
  role: TenantRole
  /** Null where they are gone. */
  invitedBy: { name: string } | null
  createdAt: Date
  sentAt: Date | null
  expiresAt: Date
}

export type InvitationsStore = ReturnType<typeof invitationsStore>
export type OpenInvitationsStore = ReturnType<typeof openInvitationsStore>
export type OpenInvitation = NonNullable<Awaited<ReturnType<OpenInvitationsStore['findByTokenHash']>>>

const withInviter = { invitedBy: { select: { name: true, status: true } } } as const

function toRow<Row extends { invitedBy: { name: string; status: string } | null }>(row: Row) {
  const { invitedBy, ...invitation } = row
  return { ...invitation, invitedBy: invitedBy?.status === 'deleted' ? null : invitedBy }
}

/** The invitations of one tenant, bound. Only open ones are found, listed and counted: what has expired is as good as gone. */
export function invitationsStore(db: DatabaseClient, clock: Clock, tenantId: string) {
  const open = () => ({ tenantId, expiresAt: { gt: clock.now() } })
  return {
    /** A page of open invitations, newest first. */
    async list(request: PageRequest) {
      const { where, ...page } = pageOfRows(request, 'newest first')
      const rows = await db.invitation.findMany({
        where: { ...open(), ...where },
        ...page,
        include: withInviter,
      })
      const { items, nextCursor } = toPage(rows, request)
      return { items: items.map(toRow), nextCursor }
    },

    async find(id: string): Promise<InvitationRow | null> {
      const row = await db.invitation.findFirst({ where: { id, ...open() }, include: withInviter })
      return row && toRow(row)
    },

    /** @param email in lower case */
    findByEmail: (email: string) => db.invitation.findFirst({ where: { email, ...open() } }),

    count: () => db.invitation.count({ where: open() }),

    /** Makes an invitation in place of one to the same address that has expired. */
    async create(invitation: {
      email: string
      role: TenantRole
      tokenHash: string
      /** Null: a machine of one of the tenant's services. */
      invitedById: string | null
      expiresAt: Date
    }): Promise<InvitationRow> {
      const createdAt = clock.now()
      const { email } = invitation
      await db.invitation.deleteMany({ where: { tenantId, email, expiresAt: { lte: createdAt } } })
      const data = { ...invitation, id: newId(), tenantId, createdAt }
      return toRow(await db.invitation.create({ data, include: withInviter }))
    },

    /** Gives an open invitation another token; the former is worth nothing then. @returns null where none is open */
    async renew(id: string, change: { tokenHash: string; expiresAt: Date }): Promise<InvitationRow | null> {
      const data = { ...change, sentAt: null }
      const { count } = await db.invitation.updateMany({ where: { id, ...open() }, data })
      return count ? this.find(id) : null
    },

    /** Notes that the mail with this token was taken. Nothing happens where another token took its place meanwhile. */
    noteSent: (id: string, tokenHash: string) =>
      db.invitation.updateMany({ where: { id, tenantId, tokenHash }, data: { sentAt: clock.now() } }),

    /** @returns whether there was one */
    async remove(id: string): Promise<boolean> {
      return (await db.invitation.deleteMany({ where: { id, ...open() } })).count > 0
    },
  }
}

/** The open invitations of the platform, for whoever holds a token. */
export function openInvitationsStore(db: DatabaseClient, clock: Clock) {
  return {
    /** The open invitation of a token, with its tenant; null where it was never there, is used, revoked or over. */
    async findByTokenHash(tokenHash: string) {
      const row = await db.invitation.findUnique({
        where: { tokenHash },
        include: { ...withInviter, tenant: { select: { slug: true, name: true, status: true } } },
      })
      return row && row.expiresAt > clock.now() ? toRow(row) : null
    },

    /** What of an active person decides whether an invitation is theirs; null where they may not sign in. */
    findAddressee(userId: string): Promise<Addressee | null> {
      return db.user.findFirst({
        where: { id: userId, status: 'active' },
        select: { email: true, identities: { select: { email: true, emailVerified: true } } },
      })
    },

    /** Removes what nobody can accept any more. */
    removeExpired: () => db.invitation.deleteMany({ where: { expiresAt: { lte: clock.now() } } }),
  }
}

import { plans } from '#shared/contracts/subscriptions'
import type { InviteMember } from '#shared/contracts/invitations'
import type { TenantRole } from '#shared/contracts/tenants'
import { languageWithin } from '#server/domain/mail/mail'
import { memberError } from '#server/domain/members/members'
import { seatsExhausted } from '#server/domain/subscriptions/subscriptions'
import { mayManageRole, takesMembers, type TenantRow } from '#server/domain/tenants/tenants'
import { addSeconds } from '#server/lib/clock'
import { newToken, sha256 } from '#server/lib/ids'
import { isUniqueViolation } from '#server/storage/database.errors'
import type { PlatformScope, TenantScope, TenantStores } from '#server/scope'
import type { PageRequest } from '#server/storage/page'
import { countMail, deliver, shown, type InvitationMeans } from './delivery'
import { invitationError } from './invitations.errors'

export { acceptAs, getOpenInvitation, join, offerOf } from './acceptance'
export { invitationError } from './invitations.errors'

/** How long an invitation can be accepted: seven days. */
const validSeconds = 604_800

/** A page of the tenant's open invitations, newest first. @param byMail whether there is a mail server */
export async function listInvitations(scope: TenantScope, byMail: boolean, request: PageRequest) {
  const { items, nextCursor } = await scope.stores.invitations.list(request)
  return { items: items.map((invitation) => shown(invitation, byMail)), nextCursor }
}

/**
 * Invites somebody by e-mail. Open invitations hold seats: no more are made than members can come of them.
 *
 * @returns the invitation, with the address to hand over where there is no mail server
 * @throws AppError member.role_refused, member.already_there, invitation.already_open, invitation.tenant_closed,
 *   subscription.seats_exhausted, rate.limited
 */
export async function inviteMember(scope: TenantScope, means: InvitationMeans, input: InviteMember) {
  const { email, role } = input
  if (!mayManageRole(scope.standing, role)) throw memberError('member.role_refused')
  await countMail(scope, means, email)
  const token = newToken()
  const expiresAt = addSeconds(scope.clock.now(), validSeconds)
  try {
    const written = await scope.transaction(async (stores) => {
      const tenant = await openTenant(stores)
      const person = await stores.people.findByEmail(email)
      if (person && (await stores.members.find(person.id))) throw memberError('member.already_there')
      if (await stores.invitations.findByEmail(email)) throw invitationError('invitation.already_open')
      await holdSeat(stores)
      const tokenHash = sha256(token)
      const invitation = await stores.invitations.create({
        email,
        role,
        tokenHash,
        expiresAt,
        invitedById: scope.actorId,
      })
      await stores.audit.record({
        action: 'invitation.created',
        subject: { kind: 'invitation', id: invitation.id },
        after: { email, role, expiresAt },
      })
      return { invitation, ...said(tenant, person), token }
    })
    return await deliver(scope, means, written)
  } catch (error) {
    if (isUniqueViolation(error)) throw invitationError('invitation.already_open')
    throw error
  }
}

/**
 * Sends an open invitation again, with a new token and its whole time; the former token is worth nothing then.
 *
 * @throws AppError invitation.not_found, invitation.tenant_closed, member.role_refused, rate.limited
 */
export async function resendInvitation(scope: TenantScope, means: InvitationMeans, id: string) {
  const found = await scope.stores.invitations.find(id)
  const { email } = manageable(scope, found)
  await countMail(scope, means, email)
  const token = newToken()
  const change = { tokenHash: sha256(token), expiresAt: addSeconds(scope.clock.now(), validSeconds) }
  const written = await scope.transaction(async (stores) => {
    const tenant = await openTenant(stores)
    const before = manageable(scope, await stores.invitations.find(id))
    const invitation = manageable(scope, await stores.invitations.renew(id, change))
    const person = await stores.people.findByEmail(email)
    await stores.audit.record({
      action: 'invitation.resent',
      subject: { kind: 'invitation', id },
      before: { expiresAt: before.expiresAt },
      after: { expiresAt: invitation.expiresAt },
    })
    return { invitation, ...said(tenant, person), token }
  })
  return deliver(scope, means, written)
}

/**
 * Takes an open invitation back; its token is worth nothing then.
 *
 * @throws AppError invitation.not_found, member.role_refused
 */
export async function revokeInvitation(scope: TenantScope, id: string): Promise<void> {
  await scope.transaction(async (stores) => {
    const { email, role } = manageable(scope, await stores.invitations.find(id))
    await stores.invitations.remove(id)
    await stores.audit.record({
      action: 'invitation.revoked',
      subject: { kind: 'invitation', id },
      before: { email, role },
    })
  })
}

/** Removes the invitations that nobody can accept any more. @returns how many there were */
export async function removeExpiredInvitations(scope: PlatformScope): Promise<number> {
  return (await scope.stores.openInvitations.removeExpired()).count
}

/** @throws AppError invitation.not_found, member.role_refused where it is an owner's and the actor decides of none */
function manageable<Row extends { role: TenantRole }>({ standing }: TenantScope, row: Row | null): Row {
  if (!row) throw invitationError('invitation.not_found')
  if (!mayManageRole(standing, row.role)) throw memberError('member.role_refused')
  return row
}

async function openTenant(stores: TenantStores): Promise<TenantRow> {
  const tenant = await stores.tenant.get()
  if (!takesMembers(tenant.status)) throw invitationError('invitation.tenant_closed')
  return tenant
}

/** What the mail says of the tenant, and in which language. @param person who is invited, where they have an account */
function said(tenant: TenantRow, person: { locale: string | null } | null) {
  return { tenantName: tenant.name, language: languageWithin(tenant.locale, person?.locale) }
}

async function holdSeat(stores: TenantStores): Promise<void> {
  const { plan } = await stores.subscription.get()
  const held = await stores.invitations.count()
  if ((await stores.members.count()) + held >= plans[plan].seats) throw seatsExhausted(plan, held)
}

import type { AuthMode } from '#shared/contracts/common'
import type { AcceptedInvitation, InvitationOffer } from '#shared/contracts/invitations'
import { plans } from '#shared/contracts/subscriptions'
import type { TenantRole } from '#shared/contracts/tenants'
import { seatsExhausted } from '#server/domain/subscriptions/subscriptions'
import { outranks, takesMembers } from '#server/domain/tenants/tenants'
import { sha256 } from '#server/lib/ids'
import type { PlatformScope, PlatformStores, TenantStores } from '#server/scope'
import { invitationError } from './invitations.errors'
import { isTheirs } from './invitations.policy'
import type { OpenInvitation } from './invitations.store'

type Member = NonNullable<Awaited<ReturnType<TenantStores['members']['find']>>>

/**
 * The open invitation of a token. One that is unknown, used, revoked or over can't be told apart.
 *
 * @throws AppError invitation.not_found; invitation.tenant_closed to whoever holds the token of an open one
 */
export async function getOpenInvitation(
  stores: Pick<PlatformStores, 'openInvitations'>,
  token: string,
): Promise<OpenInvitation> {
  const invitation = await stores.openInvitations.findByTokenHash(sha256(token))
  if (!invitation) throw invitationError('invitation.not_found')
  if (!takesMembers(invitation.tenant.status)) throw invitationError('invitation.tenant_closed')
  return invitation
}

/**
 * What a token offers, and what its holder has to do to accept it.
 *
 * @param localSignIn whether accounts with a password can be made and used here
 * @param callerId who is signed in; null for nobody
 * @throws AppError invitation.not_found, invitation.tenant_closed
 */
export async function offerOf(
  { stores }: PlatformScope,
  { authMode, localSignIn }: { authMode: AuthMode; localSignIn: boolean },
  token: string,
  callerId: string | null,
): Promise<Omit<InvitationOffer, 'expiresAt'> & { expiresAt: Date }> {
  const invitation = await getOpenInvitation(stores, token)
  const { tenant, invitedBy, email, role, expiresAt } = invitation
  const next = async () => {
    if (callerId)
      return (await isFor(stores, invitation, callerId, authMode)) ? ('accept' as const) : 'other_person'
    if (!localSignIn) return 'sign_in' as const
    return (await stores.users.findByEmail(email)) ? ('sign_in' as const) : 'create_account'
  }
  return {
    tenant: { name: tenant.name },
    invitedBy: invitedBy?.name ?? null,
    email,
    role,
    expiresAt,
    next: await next(),
  }
}

/**
 * Accepts an invitation as somebody who has proved who they are.
 *
 * @throws AppError invitation.not_found, invitation.tenant_closed, invitation.for_another_address,
 *   subscription.seats_exhausted
 */
export async function acceptAs(
  scope: PlatformScope,
  authMode: AuthMode,
  token: string,
  userId: string,
): Promise<AcceptedInvitation> {
  const accepted = await scope.transaction(async (stores) => {
    const invitation = await getOpenInvitation(stores, token)
    if (!(await isFor(stores, invitation, userId, authMode)))
      throw invitationError('invitation.for_another_address', {
        detail: 'Sign in as the person whom it is for, with an address that is known to be theirs.',
      })
    return { ...(await join(stores, invitation, userId)), tenantId: invitation.tenantId }
  })
  scope.wake(accepted.tenantId)
  return accepted
}

/** Whether an invitation is this person's, who may still sign in. */
async function isFor(
  stores: Pick<PlatformStores, 'openInvitations'>,
  { email }: OpenInvitation,
  userId: string,
  authMode: AuthMode,
): Promise<boolean> {
  const person = await stores.openInvitations.findAddressee(userId)
  return person !== null && isTheirs(person, email, authMode === 'standalone')
}

/**
 * Uses an invitation up, and makes a person a member; within a transaction, after which the reconciler is to be woken.
 * Seats are counted anew: what was free when somebody was invited may be taken. Who was made a member by hand
 * meanwhile stays what they are; whom a provider's group made one is no less than they were invited as, and no longer
 * the group's to take away.
 *
 * @throws AppError invitation.not_found, subscription.seats_exhausted
 */
export async function join(
  stores: PlatformStores,
  { id, tenantId, tenant, email, role }: OpenInvitation,
  userId: string,
): Promise<AcceptedInvitation> {
  const own = stores.ofTenant(tenantId, { kind: 'user', id: userId })
  if (!(await own.invitations.remove(id))) throw invitationError('invitation.not_found')
  await own.audit.record({
    action: 'invitation.accepted',
    subject: { kind: 'invitation', id },
    after: { email, role },
  })
  const standing = await own.members.find(userId)
  if (standing) {
    const kept = standing.source === 'idp' ? await settle(own, standing, role) : standing.role
    return { tenant: tenant.slug, name: tenant.name, role: kept }
  }
  const { plan } = await own.subscription.get()
  if ((await own.members.count()) >= plans[plan].seats) throw seatsExhausted(plan)
  const added = await own.members.add(userId, role, 'invitation')
  await own.steps.ask('changed')
  await own.audit.record({
    action: 'member.added',
    subject: { kind: 'membership', id: userId },
    after: { role, source: added.source },
  })
  return { tenant: tenant.slug, name: tenant.name, role }
}

async function settle(own: TenantStores, { userId, role, source }: Member, invited: TenantRole) {
  const kept = outranks(role, invited) ? role : invited
  await own.members.accept(userId, kept)
  await own.steps.ask('changed')
  await own.audit.record({
    action: 'member.role_changed',
    subject: { kind: 'membership', id: userId },
    before: { role, source },
    after: { role: kept, source: 'invitation' },
  })
  return kept
}

import type { AddMember, UpdateMember } from '#shared/contracts/members'
import { plans } from '#shared/contracts/subscriptions'
import { mayManageRole } from '#server/domain/tenants/tenants'
import { userError } from '#server/domain/users/users'
import { seatsExhausted } from '#server/domain/subscriptions/subscriptions'
import type { TenantScope, TenantStores } from '#server/scope'
import type { PageRequest } from '#server/storage/page'
import { endMachinesOf } from '#server/identities/leaving'
import { memberError } from './members.errors'
import type { MemberRow } from './members.store'

export { memberError } from './members.errors'

/** A page of the tenant's members, in the order in which they came. */
export function listMembers(scope: TenantScope, request: PageRequest & { search?: string | undefined }) {
  return scope.stores.members.list(request)
}

/** The same whether nobody has it or somebody only claims it: who claims what is nobody's to learn. */
const nobodyFound =
  'Nobody has an account here with this e-mail address, known to be theirs. Invite them by it.'

/**
 * Makes an existing user a member, who is told by an address that is known to be theirs: whoever only claims it at a
 * provider, which did not verify it, is not found by it.
 *
 * @throws AppError user.not_found, member.already_there, member.role_refused, subscription.seats_exhausted
 */
export async function addMember(scope: TenantScope, input: AddMember): Promise<MemberRow> {
  if (!mayManageRole(scope.standing, input.role)) throw memberError('member.role_refused')
  const member = await scope.transaction(async (stores) => {
    const user = await stores.people.findByVerifiedEmail(input.email)
    if (!user) throw userError('user.not_found', { detail: nobodyFound })
    if (await stores.members.find(user.id)) throw memberError('member.already_there')
    const { plan } = await stores.subscription.get()
    if ((await stores.members.count()) >= plans[plan].seats) throw seatsExhausted(plan)
    const added = await stores.members.add(user.id, input.role, 'manual')
    await withdrawInvitation(scope, stores, input.email)
    await stores.steps.ask('changed')
    await stores.audit.record({
      action: 'member.added',
      subject: { kind: 'membership', id: user.id },
      after: { role: added.role, source: added.source },
    })
    return added
  })
  scope.wake(scope.tenant.id)
  return member
}

const lastOwner = () => memberError('member.last_owner', { detail: 'Make somebody else an owner first.' })

/** Somebody who was added by hand needs no invitation any more; an owner's is an owner's to end. */
async function withdrawInvitation(scope: TenantScope, stores: TenantStores, email: string): Promise<void> {
  const open = await stores.invitations.findByEmail(email)
  if (!open || !mayManageRole(scope.standing, open.role)) return
  await stores.invitations.remove(open.id)
  await stores.audit.record({
    action: 'invitation.revoked',
    subject: { kind: 'invitation', id: open.id },
    before: { email, role: open.role },
  })
}

/**
 * Gives a member another role. The last owner stays one.
 *
 * @param version that the caller saw; undefined: whatever it is now
 * @throws AppError member.not_found, member.role_refused, member.last_owner, member.changed_meanwhile
 */
export async function changeMember(
  scope: TenantScope,
  userId: string,
  input: UpdateMember,
  version?: number,
): Promise<MemberRow> {
  const changed = await scope.transaction(async (stores) => {
    const before = await stores.members.find(userId)
    if (!before) throw memberError('member.not_found')
    if (!mayManageRole(scope.standing, before.role) || !mayManageRole(scope.standing, input.role))
      throw memberError('member.role_refused')
    if (!(await stores.members.setRole(userId, input.role, version)))
      throw memberError('member.changed_meanwhile')
    if ((await stores.members.countOwners()) === 0) throw lastOwner()
    await stores.steps.ask('changed')
    await stores.audit.record({
      action: 'member.role_changed',
      subject: { kind: 'membership', id: userId },
      before: { role: before.role },
      after: { role: input.role },
    })
    return { ...before, role: input.role, version: before.version + 1 }
  })
  scope.wake(scope.tenant.id)
  return changed
}

/**
 * Ends a membership. The last owner stays.
 *
 * @throws AppError member.not_found, member.role_refused, member.last_owner
 */
export async function removeMember(scope: TenantScope, userId: string): Promise<void> {
  await scope.transaction(async (stores) => {
    const before = await stores.members.find(userId)
    if (!before) throw memberError('member.not_found')
    if (!mayManageRole(scope.standing, before.role)) throw memberError('member.role_refused')
    await stores.members.remove(userId, await endMachinesOf(stores, userId))
    if (before.role === 'owner' && (await stores.members.countOwners()) === 0) throw lastOwner()
    await stores.steps.ask('changed')
    await stores.audit.record({
      action: 'member.removed',
      subject: { kind: 'membership', id: userId },
      before: { role: before.role, source: before.source },
    })
  })
  scope.wake(scope.tenant.id)
}

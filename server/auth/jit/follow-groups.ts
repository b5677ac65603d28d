import { slugPattern } from '#shared/contracts/slugs'
import { plans } from '#shared/contracts/subscriptions'
import type { UserRow } from '#server/domain/users/users'
import { endMachinesOf } from '#server/identities/leaving'
import { addSeconds, type Clock } from '#server/lib/clock'
import type { PlatformStores, TenantStores } from '#server/scope'

/** What could not be followed is said once in so long, not at each login. */
const sayAgainSeconds = 86_400

/** Memberships that change in one transaction: it takes some milliseconds for each. */
export const mostChanges = 100

/**
 * Brings the memberships that the provider's groups give up to date: a group of a tenant's slug makes a member, and its
 * absence takes away what such a group gave. What was given by hand or by an invitation stays. Nobody is added beyond
 * the plan's seats, and the last owner stays. Within a transaction.
 *
 * @returns ids of the tenants that changed, for the reconciler to be woken after the commit; where there are
 *   `mostChanges` of them, more may have to change in a further transaction
 */
export async function followGroups(
  stores: PlatformStores,
  clock: Clock,
  userId: string,
  groups: readonly string[],
): Promise<string[]> {
  const slugs = new Set(groups.filter((group) => slugPattern.test(group)))
  const lapsed = (await stores.grants.given(userId)).filter(({ slug }) => !slugs.has(slug))
  const missing = await stores.grants.missing(userId, [...slugs])
  const changed: string[] = []
  for (const { tenantId, role } of lapsed) {
    if (changed.length === mostChanges) break
    if (await take(stores.ofTenant(tenantId), clock, userId, role)) changed.push(tenantId)
  }
  for (const tenantId of missing) {
    if (changed.length === mostChanges) break
    if (await give(stores.ofTenant(tenantId), clock, userId)) changed.push(tenantId)
  }
  return changed
}

async function give(tenant: TenantStores, clock: Clock, userId: string): Promise<boolean> {
  const { plan, seats, seatsUsed } = await tenant.subscription.get()
  if (seatsUsed >= seats) {
    const after = { reason: 'seats_exhausted', plan, seats: plans[plan].seats, source: 'idp' }
    await sayOnce(tenant, clock, { action: 'member.not_added', userId, after })
    return false
  }
  const { role, source } = await tenant.members.add(userId, 'member', 'idp')
  await tenant.steps.ask('changed')
  const subject = { kind: 'membership', id: userId } as const
  await tenant.audit.record({ action: 'member.added', subject, after: { role, source } })
  return true
}

async function take(tenant: TenantStores, clock: Clock, userId: string, role: string): Promise<boolean> {
  if (role === 'owner' && (await tenant.members.countOwners()) === 1) {
    const after = { reason: 'last_owner', role, source: 'idp' }
    await sayOnce(tenant, clock, { action: 'member.kept', userId, after })
    return false
  }
  await tenant.members.remove(userId, await endMachinesOf(tenant, userId))
  await tenant.steps.ask('changed')
  const subject = { kind: 'membership', id: userId } as const
  await tenant.audit.record({ action: 'member.removed', subject, before: { role, source: 'idp' } })
  return true
}

async function sayOnce(
  tenant: TenantStores,
  clock: Clock,
  { action, userId, after }: { action: string; userId: string; after: Record<string, string | number> },
): Promise<void> {
  const subject = { kind: 'membership', id: userId } as const
  if (await tenant.audit.saysSince(addSeconds(clock.now(), -sayAgainSeconds), action, subject)) return
  await tenant.audit.record({ action, subject, after })
}

/**
 * Makes an operator of whoever is in the operators' group, and takes that away with the group; what was given by hand
 * stays, and so does the last active operator. A change ends the user's sessions. Within a transaction.
 *
 * @returns the user as it is now
 */
export async function followOperatorGroup(
  stores: PlatformStores,
  clock: Clock,
  user: UserRow,
  isInGroup: boolean,
): Promise<UserRow> {
  const isOperator = user.platformRole === 'operator'
  if (isOperator ? isInGroup || user.roleSource !== 'idp' : !isInGroup) return user
  const subject = { kind: 'user', id: user.id } as const
  if (isOperator && user.status === 'active' && (await stores.users.countActiveOperators()) === 1) {
    if (
      !(await stores.audit.saysSince(
        addSeconds(clock.now(), -sayAgainSeconds),
        'user.operator_kept',
        subject,
      ))
    )
      await stores.audit.record({
        action: 'user.operator_kept',
        subject,
        after: { reason: 'last_operator', platformRole: 'operator' },
      })
    return user
  }
  const change = isInGroup
    ? ({ platformRole: 'operator', roleSource: 'idp' } as const)
    : ({ platformRole: 'user', roleSource: 'manual' } as const)
  const after = await stores.users.update(user.id, change)
  if (!after) throw new Error(`User ${user.id} is gone within a transaction`)
  await stores.sessions.endAllOf(user.id)
  await stores.audit.record({
    action: 'user.updated',
    subject,
    before: { platformRole: user.platformRole, roleSource: user.roleSource },
    after: change,
  })
  return after
}

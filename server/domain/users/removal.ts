import { endMachinesOf } from '#server/identities/leaving'
import { mostAskedAtOnce } from '#server/provisioning/person'
import type { OperatorScope, PlatformStores } from '#server/scope'
import { lastOperator, userError } from './users.errors'

/**
 * Deletes a user: memberships and sessions end, and whatever tells who they were is erased with the open invitations
 * to their addresses. Their tenants' services are told to let them go. The audit keeps its entries, in which nobody is
 * named. Of very many memberships some end before the rest: cut off, it is to be repeated.
 *
 * @throws AppError user.not_found, user.last_operator, user.sole_owner
 */
export async function deleteUser(scope: OperatorScope, id: string): Promise<void> {
  for (let left = mostAskedAtOnce; left === mostAskedAtOnce;) {
    const tenants = await scope.transaction(async (stores) => {
      const before = await stores.users.find(id)
      if (!before || before.status === 'deleted') throw userError('user.not_found')
      const isActiveOperator = before.platformRole === 'operator' && before.status === 'active'
      if (isActiveOperator && (await stores.users.countActiveOperators()) === 1) throw lastOperator()
      const alone = await stores.users.soleOwnerships(id)
      if (alone.length)
        throw userError('user.sole_owner', {
          detail: `Give these tenants another owner first: ${alone.join(', ')}.`,
        })
      const ended = await leaveTenants(stores, id)
      if (ended.length < mostAskedAtOnce) await erase(stores, id)
      return ended
    })
    for (const tenantId of tenants) scope.wake(tenantId)
    left = tenants.length
  }
}

async function leaveTenants(stores: PlatformStores, id: string): Promise<string[]> {
  const ended = await stores.users.listMembershipsToEnd(id, mostAskedAtOnce)
  const tenantIds = ended.map(({ tenantId }) => tenantId)
  const machines = new Map<string, string[]>()
  for (const tenantId of tenantIds) machines.set(tenantId, await endMachinesOf(stores.ofTenant(tenantId), id))
  await stores.users.endMemberships(id, tenantIds)
  for (const { tenantId, role, source } of ended) {
    const { steps, receipts, audit } = stores.ofTenant(tenantId)
    await receipts.follow(id, machines.get(tenantId))
    await steps.ask('changed')
    await audit.record({
      action: 'member.removed',
      subject: { kind: 'membership', id },
      before: { role, source },
    })
  }
  return tenantIds
}

async function erase(stores: PlatformStores, id: string): Promise<void> {
  await stores.factorsOf(id).removeAll()
  await stores.resets.removeAllOf(id)
  await stores.users.erase(id)
  await stores.audit.record({ action: 'user.deleted', subject: { kind: 'user', id } })
}

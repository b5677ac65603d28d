import { connectionsHandle } from '#shared/contracts/vaults'
import type { TenantScope } from '#server/scope'
import { isUniqueViolation } from '#server/storage/database.errors'
import type { PageRequest } from '#server/storage/page'
import type { SecretVault } from '#server/vault/vault'
import { memberError } from '../members/members'
import { vaultError } from './vaults.errors'
import { mostVaults } from './vaults.policy'
import type { VaultRow } from './vaults.store'

export {
  askLease,
  endLease,
  getLease,
  listTenantLeases,
  listVaultLeases,
  readLease,
  removeOldLeases,
  renewLease,
} from './leases'
export { settleLeases } from './settled-leases'
export {
  checkSecrets,
  deleteSecret,
  getSecret,
  listSecrets,
  listVersions,
  putSecret,
  restoreVersion,
} from './secrets'
export { vaultError } from './vaults.errors'
export { mayInVault, type VaultPermission } from './vaults.policy'

/** A page of the tenant's vaults; for a machine those that it reaches, `isDefault` being its own then. */
export function listVaults({ stores, machine }: TenantScope, request: PageRequest) {
  return machine ? stores.vaults.listBound(machine.principal.id, request) : stores.vaults.list(request)
}

/** @throws AppError vault.handle_reserved, vault.handle_taken, vault.too_many */
export async function createVault(scope: TenantScope, handle: string): Promise<VaultRow> {
  if (handle === connectionsHandle) throw vaultError('vault.handle_reserved')
  try {
    return await scope.transaction(async ({ vaults, audit }) => {
      if ((await vaults.count()) >= mostVaults) throw vaultError('vault.too_many')
      const vault = await vaults.create(handle)
      await audit.record({
        action: 'vault.created',
        subject: { kind: 'vault', id: vault.id },
        after: { handle },
      })
      return vault
    })
  } catch (error) {
    if (isUniqueViolation(error)) throw vaultError('vault.handle_taken')
    throw error
  }
}

/**
 * Removes an empty vault with its key. Whoever had it as their default gets another of theirs.
 *
 * @throws AppError vault.not_found, vault.is_default, vault.not_empty
 */
export async function removeVault(scope: TenantScope, secrets: SecretVault, id: string): Promise<void> {
  const tenantId = scope.tenant.id
  const vault = await scope.stores.vaults.find(id)
  if (!vault) throw vaultError('vault.not_found')
  if (vault.isDefault) throw vaultError('vault.is_default')
  if ((await secrets.list({ tenantId, id }, { limit: 1 })).length > 0) throw vaultError('vault.not_empty')
  await scope.transaction(async ({ vaults, bindings, leases, audit }) => {
    const orphans = await bindings.listDefaultsOf(id)
    if (!(await vaults.remove(id))) throw vaultError('vault.not_found')
    await leases.endInVault(id, 'vault_removed')
    for (const principalId of orphans) await bindings.settleDefault(principalId)
    await audit.record({
      action: 'vault.removed',
      subject: { kind: 'vault', id },
      before: { handle: vault.handle },
    })
  })
  // Nobody finds it any more: what a writer put there meanwhile goes with it.
  await secrets.removeVault({ tenantId, id })
}

/** A page of whom the vault is open to, beside owners and admins. @throws AppError vault.not_found */
export async function listBindings({ stores }: TenantScope, id: string, request: PageRequest) {
  if (!(await stores.vaults.find(id))) throw vaultError('vault.not_found')
  return stores.bindings.list(id, request)
}

/** Opens a vault to a member. Safe to repeat. @throws AppError vault.not_found, member.not_found */
export async function bindMember(scope: TenantScope, id: string, userId: string): Promise<void> {
  await scope.transaction(async ({ vaults, members, principals, bindings, audit }) => {
    if (!(await vaults.find(id))) throw vaultError('vault.not_found')
    if (!(await members.find(userId))) throw memberError('member.not_found')
    // What a member may do is bounded by the membership: the principal itself takes nothing away.
    const principal = await principals.obtain({ userId }, 'owner')
    if (await bindings.has(id, principal.id)) return
    await principals.addVaults(principal.id, [id])
    await audit.record({
      action: 'vault.opened_to_member',
      subject: { kind: 'vault', id },
      after: { userId },
    })
  })
}

/** Closes a vault to a member who reaches it by a binding. @throws AppError vault.not_found, member.not_found */
export async function unbindMember(scope: TenantScope, id: string, userId: string): Promise<void> {
  await scope.transaction(async ({ vaults, bindings, leases, audit }) => {
    if (!(await vaults.find(id))) throw vaultError('vault.not_found')
    const principalId = await bindings.unbindMember(id, userId)
    if (principalId === null) throw memberError('member.not_found')
    await leases.endUnbound(principalId)
    await audit.record({
      action: 'vault.closed_to_member',
      subject: { kind: 'vault', id },
      before: { userId },
    })
  })
}

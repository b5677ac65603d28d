import { MachineScope } from '#shared/contracts/machines'
import type { TenantRole } from '#shared/contracts/tenants'
import { may, outranks, type TenantPermission } from '#server/domain/tenants/tenants'
import { vaultError } from '#server/domain/vaults/vaults'
import type { TenantScope, TenantStores } from '#server/scope'
import { identityError } from './identities.errors'
import type { Owner } from './principals.store'

/** What somebody would have a machine or a token do. */
interface Granting {
  role: TenantRole
  scopes: MachineScope[] | null
}

/** Scopes that mean something for a role. Of a vault, all do: what is reached is settled by its binding. */
export function scopesWithin(role: TenantRole): ReadonlySet<MachineScope> {
  const within = MachineScope.options.filter(
    (scope) => scope.startsWith('secrets:') || may(role, scope as TenantPermission),
  )
  return new Set(within)
}

/**
 * Refuses to grant what the one who grants may not do: they have to be an owner or admin by membership, since whoever
 * runs the platform reaches no secrets of a tenant, and could by a token of their own making.
 *
 * @throws AppError grant.members_only, grant.role_refused, grant.scopes_beyond_role
 */
export async function refuseUngrantable(stores: TenantStores, { role, scopes }: Granting): Promise<void> {
  const { role: own } = await stores.tenant.get()
  if (own === null || own === 'member') throw identityError('grant.members_only')
  if (outranks(role, own)) throw identityError('grant.role_refused')
  const within = scopesWithin(role)
  const beyond = (scopes ?? []).filter((scope) => !within.has(scope))
  if (beyond.length === 0) return
  throw identityError('grant.scopes_beyond_role', {
    faults: [{ path: 'scopes', message: `A ${role} may not: ${beyond.join(', ')}.` }],
  })
}

/**
 * The principal that something new is to act for, bound to the vaults that are asked for beside those that it reaches
 * already; where it has none and none are asked for, to the tenant's default. Within a transaction.
 *
 * @throws AppError vault.not_found
 */
export async function principalFor(
  scope: TenantScope,
  stores: TenantStores,
  owner: Owner,
  { role, vaults }: { role: TenantRole; vaults: readonly string[] | undefined },
): Promise<string> {
  const { principals, audit } = stores
  const principal = await principals.obtain(owner, role)
  if (outranks(role, principal.role)) await principals.setRole(principal.id, role)
  if (principal.newService && 'service' in owner)
    await audit.record({
      action: 'service.created',
      subject: { kind: 'service', id: principal.newService },
      after: { service: owner.service, role },
    })
  const wanted = vaults?.length ? vaults : await defaultOf(stores)
  await refuseStrangeVaults(stores, wanted)
  await principals.addVaults(principal.id, wanted)
  return principal.id
}

async function defaultOf({ principals, vaults }: TenantStores): Promise<string[]> {
  return [(await principals.defaultVault()) ?? (await vaults.createDefault()).id]
}

/** @throws AppError vault.not_found, where one is not the tenant's */
export async function refuseStrangeVaults(
  { principals }: TenantStores,
  vaults: readonly string[],
): Promise<void> {
  const own = await principals.ownVaults(vaults)
  if (vaults.some((id) => !own.has(id))) throw vaultError('vault.not_found')
}

/** What the audit says of a grant. */
export const grantSaid = ({ role, scopes }: Granting) => ({ role, scopes: scopes ? scopes.join(' ') : 'all' })

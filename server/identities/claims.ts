import type { AcceptClaim } from '#shared/contracts/machines'
import { isResting, tenantError } from '#server/domain/tenants/tenants'
import type { Scopes, SessionScope, TenantScope } from '#server/scope'
import { isCacheUnavailable } from '#server/storage/cache'
import type { ClaimTicket, ClaimTokens } from './claim-tokens'
import { fingerprintOf } from './did'
import { grantSaid, principalFor, refuseUngrantable } from './granting'
import { identityError } from './identities.errors'
import { showMachine } from './machines'

/** What claims are decided with. */
export interface ClaimMeans {
  scopes: Pick<Scopes, 'tenant'>
  claimTokens: ClaimTokens
}

const notFound = () => identityError('claim.not_found')

/** @throws AppError claim.not_found: unknown, used, over, or replaced by a later one: they can't be told apart */
async function openClaim(scope: SessionScope, { claimTokens }: ClaimMeans, token: string) {
  const ticket: ClaimTicket | null = await claimTokens.find(token)
  const identity = ticket && (await scope.stores.claims.find(ticket.identityId))
  if (!identity) throw notFound()
  return { identity, expiresAt: ticket.expiresAt }
}

/**
 * What the holder of a claim's address is asked: which machine it is, and for which tenants they may accept it.
 *
 * @throws AppError claim.not_found
 */
export async function offerClaim(scope: SessionScope, means: ClaimMeans, token: string) {
  const { identity, expiresAt } = await openClaim(scope, means, token)
  const { handle, did, address, userAgent, createdAt } = identity
  const tenants = await scope.stores.claims.listTenants()
  return { handle, did, fingerprint: fingerprintOf(did), address, userAgent, createdAt, expiresAt, tenants }
}

/**
 * The tenant that a machine is to be claimed for, as the caller is in it.
 *
 * @throws AppError tenant.not_found, grant.members_only, tenant.not_active
 */
async function tenantOf(scope: SessionScope, { scopes }: ClaimMeans, slug: string): Promise<TenantScope> {
  const { actorId: userId, session, platformRole } = scope
  const tenant = await scopes.tenant({ userId, session, platformRole }, slug, scope.requestId)
  if (!tenant) throw tenantError('tenant.not_found')
  if (!tenant.permits('machines:manage')) throw identityError('grant.members_only')
  if (isResting(tenant.tenant.status)) throw tenantError('tenant.not_active')
  return tenant
}

/**
 * Lets a machine act for a member or a service of a tenant. Of several who accept at once, one alone does.
 *
 * @throws AppError claim.not_found, vault.not_found; those of `tenantOf` and `refuseUngrantable`
 */
export async function acceptClaim(scope: SessionScope, means: ClaimMeans, token: string, input: AcceptClaim) {
  const { identity } = await openClaim(scope, means, token)
  const own = await tenantOf(scope, means, input.tenant)
  const owner =
    input.as?.kind === 'me' ? { userId: scope.actorId } : { service: input.as?.name ?? identity.handle }
  const grant = { role: input.role ?? ('member' as const), scopes: input.scopes ?? null }
  const machine = await own.transaction(async (stores) => {
    await refuseUngrantable(stores, grant)
    const principalId = await principalFor(own, stores, owner, { role: grant.role, vaults: input.vaults })
    const { machines, audit } = stores
    if (!(await machines.claim(identity.id, { ...grant, principalId, decidedById: scope.actorId })))
      throw notFound()
    const claimed = await machines.find(identity.handle)
    if (!claimed) throw notFound()
    await audit.record({
      action: 'identity.claimed',
      subject: { kind: 'machine', id: identity.id },
      after: {
        ...{ handle: identity.handle, fingerprint: fingerprintOf(claimed.did), ...grantSaid(grant) },
        for: 'service' in owner ? `service ${owner.service}` : 'member',
        vaults: claimed.vaults.map(({ handle }) => handle).join(' '),
      },
    })
    return claimed
  })
  await forget(means, token)
  return showMachine(machine)
}

/** What the token led to asks no more: that it is gone matters to nobody but the store. */
async function forget({ claimTokens }: ClaimMeans, token: string): Promise<void> {
  await claimTokens.remove(token).catch((error: unknown) => {
    if (!isCacheUnavailable(error)) throw error
  })
}

/**
 * Refuses a machine. It may ask again, by another address.
 *
 * @throws AppError claim.not_found
 */
export async function rejectClaim(scope: SessionScope, means: ClaimMeans, token: string): Promise<void> {
  const { identity } = await openClaim(scope, means, token)
  // First: where it asks again, this address is no other way to accept it.
  await means.claimTokens.remove(token)
  await scope.transaction(async ({ claims, audit }) => {
    if (!(await claims.reject(identity.id))) throw notFound()
    await audit.record({
      action: 'identity.rejected',
      subject: { kind: 'machine', id: identity.id },
      after: { handle: identity.handle },
    })
  })
}

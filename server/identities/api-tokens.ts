import type { CreateApiToken } from '#shared/contracts/machines'
import { addSeconds } from '#server/lib/clock'
import { sha256 } from '#server/lib/ids'
import type { TenantScope } from '#server/scope'
import type { PageRequest } from '#server/storage/page'
import type { TenantToken } from './api-tokens.store'
import { grantSaid, principalFor, refuseUngrantable } from './granting'
import { apiTokenError, identityError } from './identities.errors'
import { showPrincipal } from './principal-shown'
import { newApiToken } from './token-format'

const daySeconds = 86_400

function showToken({ principal, grantedRole, ...token }: TenantToken) {
  return { ...token, principal: showPrincipal({ ...principal, grantedRole }) }
}

/** A page of the tenant's API tokens, newest first; those too that hold no more. */
export async function listApiTokens(scope: TenantScope, request: PageRequest) {
  const { items, nextCursor } = await scope.stores.apiTokens.list(request)
  return { items: items.map(showToken), nextCursor }
}

/**
 * Makes an API token, for the caller themself or a service of the tenant. This answer alone has the token: its hash is
 * kept.
 *
 * @throws AppError vault.not_found; those of `refuseUngrantable`
 */
export async function createApiToken(
  scope: TenantScope,
  { name, service, role, scopes, vaults, expiresInDays }: CreateApiToken,
) {
  const createdById = scope.actorId
  if (createdById === null || scope.actor.kind !== 'user') throw identityError('grant.members_only')
  const token = newApiToken()
  const created = await scope.transaction(async (stores) => {
    await refuseUngrantable(stores, { role, scopes })
    const owner = service === undefined ? { userId: createdById } : { service }
    const principalId = await principalFor(scope, stores, owner, { role, vaults })
    const created = await stores.apiTokens.create({
      ...{ name, principalId, role, scopes, createdById },
      tokenHash: sha256(token),
      ending: token.slice(-4),
      expiresAt: addSeconds(scope.clock.now(), expiresInDays * daySeconds),
    })
    await stores.audit.record({
      action: 'token.created',
      subject: { kind: 'token', id: created.id },
      after: {
        ...grantSaid({ role, scopes }),
        for: service === undefined ? 'member' : `service ${service}`,
        expiresAt: created.expiresAt,
      },
    })
    return created
  })
  return { ...showToken(created), token }
}

/**
 * Ends an API token, for good: the next call with it fails on every replica. Done again, it changes nothing.
 *
 * @throws AppError token.not_found
 */
export async function revokeApiToken(scope: TenantScope, id: string): Promise<void> {
  await scope.transaction(async ({ apiTokens, leases, audit }) => {
    if (!(await apiTokens.find(id))) throw apiTokenError('token.not_found')
    if (!(await apiTokens.revoke(id))) return
    await leases.endOf(id, 'token_revoked')
    await audit.record({ action: 'token.revoked', subject: { kind: 'token', id } })
  })
}

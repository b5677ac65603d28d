import { getRouterParam, type H3Event } from 'h3'
import { bearerError } from '#server/auth/bearer/bearer'
import { isResting, mayWhile, tenantError } from '#server/domain/tenants/tenants'
import { vaultError } from '#server/domain/vaults/vaults'
import { AppError } from '#server/lib/errors'
import { Id } from '#shared/contracts/common'
import { slugPattern } from '#shared/contracts/slugs'
import type { TenantStatus } from '#shared/contracts/tenants'
import type { Caller, Machine } from '#server/scope'
import type { Access, ScopeByAccess, ScopeOf } from './access'
import { httpError } from './http.errors'

/**
 * Checks a route's access for a request, and builds the scope that it grants.
 *
 * @throws AppError auth.required, auth.session_ended, auth.user_disabled, auth.proof_required (401); access.denied, and
 *   for a machine identity.unclaimed, principal.disabled, principal.tenant_rests and lease.over (403); tenant.not_found
 *   vault.not_found and lease.not_found
 *   (404), the same whether it does not exist or the caller may not know of it; tenant.not_active (409) where
 *   a tenant rests and its own people would change something
 */
export async function admit<Granted extends Access>(
  event: H3Event,
  access: Granted,
): Promise<ScopeOf<Granted>> {
  return (await scopeFor(event, access)) as ScopeOf<Granted>
}

async function scopeFor(event: H3Event, access: Access): Promise<ScopeByAccess[Access['kind']]> {
  const { container, proven, requestId } = event.context
  switch (access.kind) {
    case 'anyone':
      return { requestId }
    case 'entry':
      return container.scopes.platform(requestId)
    case 'caller':
      return container.scopes.caller(known(event), requestId)
    case 'session':
      if (!known(event).session) throw httpError('auth.session_required')
      return container.scopes.session(known(event), requestId)
    case 'operator':
      if (known(event).platformRole !== 'operator') throw httpError('access.denied')
      return container.scopes.operator(known(event), requestId)
    case 'tenant': {
      const who = knownOrMachine(event)
      const slug = getRouterParam(event, 'slug') ?? ''
      const scope = slugPattern.test(slug) ? await container.scopes.tenant(who, slug, requestId) : null
      if (!scope) throw tenantError('tenant.not_found')
      const { standing, tenant } = scope
      if (!scope.permits(access.permission)) throw httpError('access.denied')
      if (!mayWhile(tenant.status, standing, access.permission)) throw resting(tenant.status)
      return scope
    }
    case 'self': {
      const who = knownOrMachine(event)
      return 'by' in who
        ? { machine: who, platform: container.scopes.platform(requestId) }
        : container.scopes.caller(who, requestId)
    }
    case 'key':
      if (!proven) throw httpError('auth.proof_required')
      return { proven, platform: container.scopes.platform(requestId) }
    case 'lease': {
      const who = knownOrMachine(event)
      const id = Id.safeParse(getRouterParam(event, 'id'))
      const scope = id.success ? await container.scopes.lease(who, id.data, requestId) : null
      if (!scope) throw vaultError('lease.not_found')
      if (scope === 'over') throw vaultError('lease.over')
      if (!scope.permits(access.permission)) throw httpError('access.denied')
      if (isResting(scope.tenant.status)) throw resting(scope.tenant.status)
      return scope
    }
    case 'vault': {
      const who = knownOrMachine(event)
      const id = Id.safeParse(getRouterParam(event, 'id'))
      const scope = id.success ? await container.scopes.vault(who, id.data, requestId) : null
      if (!scope) throw vaultError('vault.not_found')
      if (!scope.permits(access.permission)) throw httpError('access.denied')
      if (isResting(scope.tenant.status)) throw resting(scope.tenant.status)
      return scope
    }
  }
}

function resting(status: TenantStatus) {
  const words = { suspended: 'suspended', archived: 'archived', deleting: 'going to be deleted' } as const
  const what = status in words ? words[status as keyof typeof words] : status
  return tenantError('tenant.not_active', {
    detail: `It is ${what}. Whoever runs this portal can change that.`,
  })
}

function knownOrMachine(event: H3Event): Caller | Machine {
  return event.context.machine ?? known(event)
}

function known({ context }: H3Event): Caller {
  if (context.caller) return context.caller
  if (context.machine) throw httpError('access.denied', { detail: 'This is for people, not for machines.' })
  if (context.proven?.standing instanceof AppError) throw context.proven.standing
  if (context.bearer) throw bearerError('auth.user_unknown', { detail: 'Call GET /api/users/me first.' })
  switch (context.sessionAbsence) {
    case 'disabled':
      throw httpError('auth.user_disabled', { detail: 'Ask whoever runs this portal to enable it again.' })
    case 'ended':
      throw httpError('auth.session_ended', { detail: 'It was ended. Sign in again.' })
    case 'expired':
      throw httpError('auth.session_ended', { detail: 'It was not used for too long. Sign in again.' })
    default:
      throw httpError('auth.required')
  }
}

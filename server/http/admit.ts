import { getRouterParam, type H3Event } from 'h3'
import { may, tenantError } from '#server/domain/tenants/tenants'
import { slugPattern } from '#shared/contracts/slugs'
import type { Caller } from '#server/scope'
import type { Access, ScopeByAccess, ScopeOf } from './access'
import { httpError } from './http.errors'

/**
 * Checks a route's access for a request, and builds the scope that it grants.
 *
 * @throws AppError auth.required (401); access.denied (403); tenant.not_found (404), the same whether the tenant does
 *   not exist or the caller may not know of it
 */
export async function admit<Granted extends Access>(
  event: H3Event,
  access: Granted,
): Promise<ScopeOf<Granted>> {
  return (await scopeFor(event, access)) as ScopeOf<Granted>
}

async function scopeFor(event: H3Event, access: Access): Promise<ScopeByAccess[Access['kind']]> {
  const { container, requestId, caller } = event.context
  switch (access.kind) {
    case 'anyone':
      return { requestId }
    case 'entry':
      return container.scopes.platform(requestId)
    case 'caller':
      return container.scopes.caller(known(caller), requestId)
    case 'session':
      if (!known(caller).session) throw httpError('access.denied')
      return container.scopes.session(known(caller), requestId)
    case 'operator':
      if (known(caller).platformRole !== 'operator') throw httpError('access.denied')
      return container.scopes.operator(known(caller), requestId)
    case 'tenant': {
      const who = known(caller)
      const slug = getRouterParam(event, 'slug') ?? ''
      const scope = slugPattern.test(slug) ? await container.scopes.tenant(who, slug, requestId) : null
      if (!scope) throw tenantError('tenant.not_found')
      if (!may(scope.standing, access.permission)) throw httpError('access.denied')
      return scope
    }
  }
}

function known(caller: Caller | null): Caller {
  if (!caller) throw httpError('auth.required')
  return caller
}

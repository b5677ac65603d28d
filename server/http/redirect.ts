import { defineEventHandler, getQuery, getRequestHeader, sendRedirect, type H3Event } from 'h3'
import type { z } from 'zod'
import type { AuthMode } from '#shared/contracts/common'
import type { Container } from '#server/container'
import type { PlatformScope } from '#server/scope'
import { AppError } from '#server/lib/errors'
import { oidcError } from '#server/auth/oidc/oidc.errors'
import { noteRefusedLogin } from '#server/auth/refusals/refusals'
import { entry } from './access'
import type { DefinedRoute, RouteDefinition } from './define-route'
import { deviceOf } from './device'
import { httpError } from './http.errors'
import { faultsOf, toAppError } from './problem'
import { answerProblem } from './send-problem'

interface RedirectDefinition<Query extends z.ZodType> {
  summary: string
  /** In the other modes the route answers 404. Default: every mode. */
  modes?: readonly AuthMode[]
  query: Query
  /** @returns where the browser goes next: a path of this portal, or an address that was built from what we know */
  handle(input: {
    scope: PlatformScope
    query: z.output<Query>
    container: Container
    event: H3Event
  }): Promise<string>
}

/** Longest query that is looked at: a code and a state with room to spare. */
const longestQuery = 8192

/**
 * Makes the handler of a step of the login that a browser goes through (302). It is open to everybody, in the name of
 * Tenantry itself. Who is refused is noted in the audit, and is shown a page that offers to start again; a caller that
 * wants no page gets problem+json.
 */
export function defineRedirect<Query extends z.ZodType>(route: RedirectDefinition<Query>): DefinedRoute {
  const handler = defineEventHandler(async (event) => {
    try {
      return await sendRedirect(event, await follow(event, route), 302)
    } catch (error) {
      return refuse(event, error)
    }
  })
  const definition = { ...route, access: entry(), status: 302, handle: () => {} }
  return Object.assign(handler, { definition: definition as unknown as RouteDefinition })
}

async function follow<Query extends z.ZodType>(event: H3Event, route: RedirectDefinition<Query>) {
  const { container, requestId } = event.context
  if (route.modes && !route.modes.includes(container.config.authMode)) throw httpError('route.not_found')
  event.node.res.setHeader('Cache-Control', 'no-store')
  // What is in the address of a login is nobody else's business.
  event.node.res.setHeader('Referrer-Policy', 'no-referrer')
  if (event.path.length > longestQuery) throw oidcError('auth.callback_invalid')
  const query = route.query.safeParse(getQuery(event))
  if (!query.success) throw httpError('request.invalid', { faults: faultsOf(query.error) })
  return route.handle({ scope: container.scopes.platform(requestId), query: query.data, container, event })
}

async function refuse(event: H3Event, thrown: unknown) {
  const { container, requestId } = event.context
  const { address } = deviceOf(event)
  const scope = container.scopes.platform(requestId)
  const error = await noteRefusedLogin(scope, container.refusals, thrown, { address }).catch(() => thrown)
  if (thrown instanceof AppError && thrown.cause)
    container.log.info(reasonOf(thrown, requestId), 'login refused')
  const problem = answerProblem(event, error)
  const wantsPage = getRequestHeader(event, 'accept')?.includes('text/html') && problem.status !== 404
  if (!wantsPage) return problem
  event.node.res.removeHeader('Content-Type')
  // A person who may not sign in gets no way to start again.
  if (problem.code === 'auth.user_disabled') return sendRedirect(event, '/auth/disabled', 302)
  return sendRedirect(event, `/auth/failed?${new URLSearchParams({ code: toAppError(error).code })}`, 302)
}

/** Why, for whoever runs the portal; jose's and our own words hold nothing of a token. */
const reasonOf = ({ code, cause }: AppError, requestId: string) => ({
  requestId,
  code,
  reason: cause instanceof Error ? cause.message : undefined,
})

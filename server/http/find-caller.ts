import { getRequestHeader, type H3Event } from 'h3'
import { findSession, findSessionAgain, type FoundSession } from '#server/auth/sessions/find-session'
import { findBearer } from './bearer'
import { sessionToken } from './cookies'
import { refuseForeignCalls } from './csrf'
import { findBound, findBoundAgain } from './dpop'
import { findMachine, findMachineAgain } from './machine'

/**
 * Finds out who calls the API, from the database each time: by a token, a machine's proof, or our cookie. What another
 * site made a browser send along with our cookie is refused first.
 *
 * @throws AppError csrf.refused; those of `findBearer`, `findBound` and `findMachine`
 */
export async function findCaller(event: H3Event): Promise<void> {
  event.context.caller = null
  if (!event.path.startsWith('/api/')) return
  // No page can make a browser send a token of another's, so such a call needs to show no origin.
  if ((await findBearer(event)) || (await findMachine(event)) || (await findBound(event))) return
  const { config, scopes, sessionLimits } = event.context.container
  const token = sessionToken(event)
  refuseForeignCalls({
    method: event.method,
    publicOrigin: config.publicUrl,
    origin: getRequestHeader(event, 'origin'),
    fetchSite: getRequestHeader(event, 'sec-fetch-site'),
    withCookie: token !== undefined,
  })
  if (!token) return
  const scope = scopes.platform(event.context.requestId)
  takeSession(event, await findSession(scope, sessionLimits, token, { isUse: !isBackground(event) }))
}

/**
 * Whether a page asks by itself, and nobody does: to keep up to date, or to listen on. Only what changes nothing can be
 * so, and all that follows is that the session is not kept from its idle limit.
 */
function isBackground(event: H3Event): boolean {
  if (event.method !== 'GET') return false
  return (
    getRequestHeader(event, 'x-background') === '1' ||
    getRequestHeader(event, 'accept') === 'text/event-stream'
  )
}

/** Finds out whether the caller of a request that is long under way still has their session. */
export async function findCallerAgain(event: H3Event): Promise<void> {
  const { bearer, caller, container, proven, requestId } = event.context
  if (proven) return findMachineAgain(event, proven)
  if (bearer?.boundTo !== undefined) return findBoundAgain(event, { ...bearer, boundTo: bearer.boundTo })
  if (!caller?.session) return findCaller(event)
  const scope = container.scopes.platform(requestId)
  takeSession(event, await findSessionAgain(scope, container.sessionLimits, caller.session.id))
}

function takeSession(event: H3Event, { session, absence }: FoundSession): void {
  event.context.sessionAbsence = absence
  event.context.caller = null
  if (!session) return
  // What was begun by password or passkey counts for nothing where there are no local accounts any more.
  if (event.context.container.config.authMode === 'oidc-only' && session.method !== 'oidc') return
  const { userId, user, id, method, provenAt, secondFactor, restricted, rotationDue } = session
  event.context.caller = {
    userId,
    platformRole: user.platformRole,
    session: { id, method, provenAt, secondFactor, restricted, rotationDue },
  }
}

import { getRequestHeader, type H3Event } from 'h3'
import { findSession } from '#server/auth/sessions/sessions'
import { sessionToken } from './cookies'
import { refuseForeignCalls } from './csrf'

/**
 * Finds out who calls the API, from the database each time. What another site made a browser send is refused first.
 *
 * @throws AppError csrf.refused
 */
export async function findCaller(event: H3Event): Promise<void> {
  event.context.caller = null
  if (!event.path.startsWith('/api/')) return
  const { config, scopes, clock, sessionLimits } = event.context.container
  const token = sessionToken(event)
  refuseForeignCalls({
    method: event.method,
    publicOrigin: config.publicUrl,
    origin: getRequestHeader(event, 'origin'),
    fetchSite: getRequestHeader(event, 'sec-fetch-site'),
    withCookie: token !== undefined,
  })
  if (!token) return
  const { sessions } = scopes.platform(event.context.requestId).stores
  const session = await findSession(sessions, clock, sessionLimits, token)
  if (!session) return
  const { userId, user, id, method, provenAt, secondFactor, restricted } = session
  event.context.caller = {
    userId,
    platformRole: user.platformRole,
    session: { id, method, provenAt, secondFactor, restricted },
  }
}

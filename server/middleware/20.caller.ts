import { defineEventHandler, getRequestHeader } from 'h3'
import { findSession } from '#server/auth/sessions'
import { sessionToken } from '#server/http/cookies'
import { refuseForeignCalls } from '#server/http/csrf'

/** Finds out who calls the API, from the database each time; what a browser was made to send is refused first. */
export default defineEventHandler(async (event) => {
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
  const { id, userId, user } = session
  event.context.caller = { userId, platformRole: user.platformRole, sessionId: id }
})

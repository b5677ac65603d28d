import { getRequestHeader, type H3Event } from 'h3'
import { logOut } from '#server/auth/oidc/logout'
import type { PlatformScope } from '#server/scope'
import { clearSessionCookie, sessionToken } from './cookies'
import { refuseForeignCalls } from './csrf'
import { deviceOf } from './device'
import { httpError } from './http.errors'

/** Ends the browser's session. @returns where the provider ends its own, where there is something to end */
export async function endSession(scope: PlatformScope, event: H3Event): Promise<string | undefined> {
  const { container } = event.context
  const token = sessionToken(event)
  const means = { ...container, publicUrl: container.config.publicUrl }
  clearSessionCookie(event)
  const redirect = token && (await logOut(scope, means, token, deviceOf(event)))
  return redirect || undefined
}

/** As `endSession`, for a browser that goes there: never where another site sent it. @throws AppError csrf.refused */
export async function leave(scope: PlatformScope, event: H3Event): Promise<string> {
  const fetchSite = getRequestHeader(event, 'sec-fetch-site')
  if (event.method === 'GET') {
    if (fetchSite === 'cross-site' || fetchSite === 'same-site') throw httpError('csrf.refused')
  } else
    refuseForeignCalls({
      method: event.method,
      publicOrigin: event.context.container.config.publicUrl,
      origin: getRequestHeader(event, 'origin'),
      fetchSite,
      withCookie: sessionToken(event) !== undefined,
    })
  return (await endSession(scope, event)) ?? '/login'
}

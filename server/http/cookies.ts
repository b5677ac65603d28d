import { deleteCookie, getCookie, setCookie, type H3Event } from 'h3'
import { rotateSession } from '#server/auth/sessions/rotate-session'
import type { StartedSession } from '#server/auth/sessions/sessions'
import type { CallerScope } from '#server/scope'

/** Whether cookies are for https alone: `__Host-` then binds them to this very host (RFC 6265bis section 4.1.3.2). */
const isSecure = (event: H3Event) => event.context.container.config.publicUrl.startsWith('https:')
const nameFor = (event: H3Event) => (isSecure(event) ? '__Host-tenantry_session' : 'tenantry_session')
const optionsFor = (event: H3Event) =>
  ({ httpOnly: true, sameSite: 'lax', secure: isSecure(event), path: '/' }) as const

/** The session token that the browser sent, of the form in which we make them. */
export function sessionToken(event: H3Event): string | undefined {
  const token = getCookie(event, nameFor(event))
  return token && /^[A-Za-z0-9_-]{43}$/.test(token) ? token : undefined
}

/** Short-lived cookies of a sign-in or a passkey's ceremony under way. */
type StepCookie = 'pending' | 'passkey'
const stepCookieName = (event: H3Event, step: StepCookie) =>
  isSecure(event) ? `__Host-tenantry_${step}` : `tenantry_${step}`

/** The token of a step under way, of the form in which we make them. */
export function stepToken(event: H3Event, step: StepCookie): string | undefined {
  const token = getCookie(event, stepCookieName(event, step))
  return token && /^[A-Za-z0-9_-]{43}$/.test(token) ? token : undefined
}

/** Gives the browser the token of a step; no other site's page sends it along. */
export function issueStepCookie(event: H3Event, step: StepCookie, token: string, ttlSeconds: number): void {
  const options = { ...optionsFor(event), sameSite: 'strict', maxAge: ttlSeconds } as const
  setCookie(event, stepCookieName(event, step), token, options)
}

/** Takes the tokens of every step from the browser. */
export function clearStepCookies(event: H3Event): void {
  for (const step of ['pending', 'passkey'] as const)
    if (stepToken(event, step)) deleteCookie(event, stepCookieName(event, step), optionsFor(event))
}

/** Gives the browser its session. */
export function issueSessionCookie(event: H3Event, { token, expiresAt }: StartedSession): void {
  setCookie(event, nameFor(event), token, { ...optionsFor(event), expires: expiresAt })
}

/** Takes the session from the browser. */
export function clearSessionCookie(event: H3Event): void {
  deleteCookie(event, nameFor(event), optionsFor(event))
}

/** Gives the browser a new token of its session where one is due. For what a page asks first when it is opened. */
export async function renewSessionCookie(event: H3Event, scope: CallerScope): Promise<void> {
  const token = sessionToken(event)
  const renewed = token && (await rotateSession(scope, token))
  if (renewed) issueSessionCookie(event, renewed)
}

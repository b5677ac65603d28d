import { deleteCookie, getCookie, setCookie, type H3Event } from 'h3'
import { newToken } from '#server/lib/ids'
import { loginSeconds } from '#server/auth/oidc/login-flows'

/** By which a browser shows that it began a login. It holds nothing but a name: 43 characters. */
const isSecure = (event: H3Event) => event.context.container.config.publicUrl.startsWith('https:')
const nameFor = (event: H3Event) => (isSecure(event) ? '__Host-tenantry_login' : 'tenantry_login')
const optionsFor = (event: H3Event) =>
  ({ httpOnly: true, sameSite: 'lax', secure: isSecure(event), path: '/' }) as const

/** What the browser holds, of the form in which we make it. */
export function loginBrowser(event: H3Event): string | undefined {
  const name = getCookie(event, nameFor(event))
  return name && /^[A-Za-z0-9_-]{43}$/.test(name) ? name : undefined
}

/** The browser's name, given to it where it has none; kept while logins are under way in several tabs. */
export function ensureLoginBrowser(event: H3Event): string {
  const name = loginBrowser(event) ?? newToken()
  setCookie(event, nameFor(event), name, { ...optionsFor(event), maxAge: loginSeconds })
  return name
}

export function clearLoginBrowser(event: H3Event): void {
  deleteCookie(event, nameFor(event), optionsFor(event))
}

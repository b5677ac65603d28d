/**
 * Where to go after signing in: a path of this portal, or `/` for everything that is not safely one.
 *
 * @param wanted the `returnTo` of the address, as it came
 */
export function safeReturnTo(wanted: unknown): string {
  const path = Array.isArray(wanted) ? wanted[0] : wanted
  // A second slash, a backslash or a control character could make browsers leave the portal.
  if (typeof path !== 'string' || !/^\/(?![/\\])[^\\\p{Cc}]*$/u.test(path)) return '/'
  const url = new URL(path, 'http://portal.invalid')
  if (url.host !== 'portal.invalid' || url.pathname.startsWith('//')) return '/'
  if (/^\/(login|setup|api|auth)(\/|$)/.test(url.pathname)) return '/'
  return url.pathname + url.search + url.hash
}

import { z } from 'zod'

/**
 * Where to go after signing in: a path of this portal, or `/` for everything that is not safely one.
 *
 * @param wanted the `returnTo` of the address, as it came
 */
export function safeReturnTo(wanted: unknown): string {
  const path = Array.isArray(wanted) ? wanted[0] : wanted
  // A second slash, a backslash or a control character could make browsers leave the portal.
  if (typeof path !== 'string' || path.length > 2000 || !/^\/(?![/\\])[^\\\p{Cc}\p{Cs}]*$/u.test(path))
    return '/'
  const url = new URL(path, 'http://portal.invalid')
  if (url.host !== 'portal.invalid' || url.pathname.startsWith('//')) return '/'
  // Whoever decodes a path before it is looked up would find the same in it.
  if (/%(2f|5c|[01][0-9a-f]|7f|25)/i.test(url.pathname)) return '/'
  if (/^\/(login|setup|api|auth)(\/|$)/i.test(url.pathname)) return '/'
  return url.pathname + url.search + url.hash
}

/** As `safeReturnTo`: nothing is refused, what is not safe leads home. */
export const ReturnTo = z.unknown().optional().transform(safeReturnTo)

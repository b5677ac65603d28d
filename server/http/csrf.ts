import { httpError } from './http.errors'

const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * Refuses a state-changing call that another site made a browser send.
 * A call with our cookie must show where it comes from: the portal's own Origin, or Sec-Fetch-Site same-origin, which
 * no page can forge (Fetch Metadata). A call without a cookie is refused only where it shows another origin.
 *
 * @throws AppError csrf.refused
 */
export function refuseForeignCalls(call: {
  method: string
  /** PUBLIC_URL */
  publicOrigin: string
  origin: string | undefined
  fetchSite: string | undefined
  withCookie: boolean
}): void {
  if (safeMethods.has(call.method)) return
  if (call.origin === call.publicOrigin || call.fetchSite === 'same-origin') return
  const showsNothing = call.origin === undefined && call.fetchSite === undefined
  if (showsNothing && !call.withCookie) return
  throw httpError('csrf.refused')
}

import { enrolmentPath, safeReturnTo } from '~/composables/return-to'
import { wayIn } from '~/composables/way-in'

/** Pages that have to do with nobody's session. */
const open = ['/setup', '/auth/failed', '/auth/forgot', '/auth/reset']

/** Leads to the sign-in page and back. What a person may see is decided by the server, for every call. */
export default defineNuxtRouteMiddleware(async (to) => {
  if (to.name === 'missing' || open.includes(to.path)) return
  const session = useSession()
  const me = (import.meta.client && session.me.value) || (await session.load())

  if (to.path === '/auth/second-factor') {
    if (session.restricted.value) return
    if (me) return navigateTo(safeReturnTo(to.query.returnTo), { replace: true })
  } else if (session.restricted.value)
    return navigateTo(enrolmentPath(to.path === '/login' ? to.query.returnTo : to.fullPath))

  if (['/login', '/auth/expired', '/auth/disabled'].includes(to.path))
    return me ? navigateTo(safeReturnTo(to.query.returnTo), { replace: true }) : undefined
  // Whoever has the link may look; the page tells what they have to do.
  if (to.path === '/invitation') return
  if (!me) return navigateTo(wayIn(session.refusal.value, to.fullPath))
})

import { safeReturnTo } from '~/composables/return-to'
import { wayIn } from '~/composables/way-in'

/** Leads to the sign-in page and back. What a person may see is decided by the server, for every call. */
export default defineNuxtRouteMiddleware(async (to) => {
  if (to.name === 'missing' || ['/setup', '/auth/failed'].includes(to.path)) return
  const session = useSession()
  const me = (import.meta.client && session.me.value) || (await session.load())

  if (['/login', '/auth/expired', '/auth/disabled'].includes(to.path))
    return me ? navigateTo(safeReturnTo(to.query.returnTo), { replace: true }) : undefined
  // Whoever has the link may look; the page tells what they have to do.
  if (to.path === '/invitation') return
  if (!me) return navigateTo(wayIn(session.refusal.value, to.fullPath))
})

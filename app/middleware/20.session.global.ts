import { safeReturnTo } from '~/composables/return-to'

/** Leads to the sign-in page and back. What a person may see is decided by the server, for every call. */
export default defineNuxtRouteMiddleware(async (to) => {
  if (to.name === 'missing' || to.path === '/setup') return
  const session = useSession()
  const me = (import.meta.client && session.me.value) || (await session.load())

  if (to.path === '/login')
    return me ? navigateTo(safeReturnTo(to.query.returnTo), { replace: true }) : undefined
  if (!me) return navigateTo({ path: '/login', query: to.path === '/' ? {} : { returnTo: to.fullPath } })
})

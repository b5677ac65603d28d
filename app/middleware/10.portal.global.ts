/** While the portal waits for its first operator every page leads to the set-up wizard, and none does later. */
export default defineNuxtRouteMiddleware(async (to) => {
  const { portal, load } = usePortal()
  const { setupNeeded, authMode } = (import.meta.client && portal.value) || (await load())

  if (to.path === '/setup') {
    if (authMode === 'oidc-only')
      return abortNavigation(createError({ status: 404, statusText: 'Page not found' }))
    if (!setupNeeded) return navigateTo('/', { replace: true })
  } else if (setupNeeded) return navigateTo('/setup', { replace: true })
})

/** Pages about passwords and what goes with them: there are none where the identity provider alone signs people in. */
export default defineNuxtRouteMiddleware(() => {
  const { withPasswords } = usePortal()
  if (!withPasswords.value) return abortNavigation(createError({ status: 404, statusText: 'Page not found' }))
})

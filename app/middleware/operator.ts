/** Keeps people out of pages that would be empty for them; the server refuses the calls in any case. */
export default defineNuxtRouteMiddleware(() => {
  if (useSession().isOperator.value) return
  return abortNavigation(
    createError({
      status: 403,
      statusText: 'Forbidden',
      message: 'Only operators of the portal see this page.',
    }),
  )
})

/** Pages about passwords and what goes with them: there are none where the identity provider alone signs people in. */
const aboutPasswords = ['/auth/forgot', '/auth/reset', '/auth/second-factor']

/**
 * Keeps people out of pages that would be empty for them; the server refuses the calls in any case. It is with every
 * page from the start: what a link fetches ahead is missed without a word where the portal is away.
 */
export default defineNuxtRouteMiddleware((to) => {
  // As it is written in app/pages: an address may be in other cases.
  const page = to.matched.at(-1)?.path ?? ''
  if (aboutPasswords.includes(page) && !usePortal().withPasswords.value)
    return abortNavigation(createError({ status: 404, statusText: 'Page not found' }))
  if (page.startsWith('/operator/') && !useSession().isOperator.value)
    return abortNavigation(
      createError({
        status: 403,
        statusText: 'Forbidden',
        message: 'Only operators of the portal see this page.',
      }),
    )
})

import { startLogin } from '#server/http/oidc-login'
import { defineRedirect } from '#server/http/redirect'
import { StartLogin } from '#shared/contracts/oidc'

export default defineRedirect({
  summary: 'Begins a login at the OpenID provider.',
  query: StartLogin,
  handle: ({ event, query }) => startLogin(event, query),
})

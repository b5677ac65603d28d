import { finishLogin } from '#server/http/oidc-login'
import { defineRedirect } from '#server/http/redirect'
import { CompleteLogin } from '#shared/contracts/oidc'

export default defineRedirect({
  summary: 'Ends a login whose code was exchanged: the person is signed in, or the identity linked.',
  query: CompleteLogin,
  handle: ({ scope, event, query }) => finishLogin(scope, event, query.handover),
})

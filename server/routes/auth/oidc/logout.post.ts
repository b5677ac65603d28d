import { leave } from '#server/http/provider-logout'
import { defineRedirect } from '#server/http/redirect'
import { Nothing } from '#shared/contracts/oidc'

export default defineRedirect({
  summary: 'Ends the session here, and leads to where the OpenID provider ends its own.',
  query: Nothing,
  handle: ({ scope, event }) => leave(scope, event),
})

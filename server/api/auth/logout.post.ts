import { entry } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { endSession } from '#server/http/provider-logout'
import { LoginRedirect } from '#shared/contracts/oidc'

export default defineRoute({
  summary: 'Ends the session of the cookie, if there is one; says where the OpenID provider ends its own.',
  access: entry(),
  response: LoginRedirect.optional(),
  idempotency: 'never',
  async handle({ scope, event }) {
    const redirect = await endSession(scope, event)
    return redirect === undefined ? undefined : { redirect }
  },
})

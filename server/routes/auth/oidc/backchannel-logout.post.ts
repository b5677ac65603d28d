import { logOutFromProvider } from '#server/auth/oidc/backchannel-logout'
import { oidcError } from '#server/auth/oidc/oidc.errors'
import { noteRefusedLogin } from '#server/auth/refusals/refusals'
import { entry } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { deviceOf } from '#server/http/device'
import { readForm } from '#server/http/form'
import { Nothing } from '#shared/contracts/oidc'

export default defineRoute({
  summary: 'Ends the sessions that a logout token of the OpenID provider names (Back-Channel Logout 1.0).',
  access: entry(),
  response: Nothing,
  idempotency: 'never',
  async handle({ scope, container, event }) {
    const { logout_token: token } = await readForm(event)
    try {
      if (!token) throw oidcError('auth.logout_token_invalid')
      await logOutFromProvider(scope, container, token)
      return {}
    } catch (error) {
      const { address } = deviceOf(event)
      throw await noteRefusedLogin(scope, container.refusals, error, { address, refused: 'logout' })
    }
  },
})

import { getSignInSettings } from '#server/auth/oidc/sign-in-settings'
import { operator } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { SignInSettings } from '#shared/contracts/sign-in-settings'

export default defineRoute({
  summary: 'How people sign in, each value with its source.',
  access: operator(),
  response: SignInSettings,
  handle: ({ scope, container }) => getSignInSettings(scope, container),
})

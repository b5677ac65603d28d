import { updateSignInSettings } from '#server/auth/oidc/sign-in-settings'
import { operator } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { SignInSettings, UpdateSignInSettings } from '#shared/contracts/sign-in-settings'

export default defineRoute({
  summary: 'Changes how people sign in.',
  access: operator(),
  modes: ['standalone'],
  stepUp: true,
  body: UpdateSignInSettings,
  response: SignInSettings,
  handle: ({ scope, container, body }) => updateSignInSettings(scope, container, body),
})

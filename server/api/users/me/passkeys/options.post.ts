import { askForNewPasskey } from '#server/auth/second-factor/passkeys'
import { getPortalName } from '#server/domain/settings/settings'
import { session } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { askPasskey } from '#server/http/passkey-question'
import { PasskeyOptions } from '#shared/contracts/passkeys'

export default defineRoute({
  summary: 'What a browser needs to make a passkey for the caller.',
  access: session(),
  modes: ['standalone'],
  stepUp: true,
  whileRestricted: true,
  response: PasskeyOptions,
  idempotency: 'never',
  async handle({ scope, container, event }) {
    const { scopes, config } = container
    const portalName = await getPortalName(scopes.platform(scope.requestId), config.authMode)
    return askPasskey(event, await askForNewPasskey(scope, container, portalName))
  },
})

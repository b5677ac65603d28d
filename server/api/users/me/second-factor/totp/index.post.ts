import { beginTotp } from '#server/auth/second-factor/second-factor'
import { getPortalName } from '#server/domain/settings/settings'
import { session } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { TotpSetup } from '#shared/contracts/second-factor'

export default defineRoute({
  summary: 'Begins the set-up of an app that shows one-time codes.',
  access: session(),
  modes: ['standalone'],
  stepUp: true,
  whileRestricted: true,
  response: TotpSetup,
  status: 201,
  idempotency: 'never',
  async handle({ scope, container }) {
    const { scopes, config } = container
    return beginTotp(scope, container, await getPortalName(scopes.platform(scope.requestId), config.authMode))
  },
})

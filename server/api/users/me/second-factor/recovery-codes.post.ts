import { renewRecoveryCodes } from '#server/auth/second-factor/second-factor'
import { session } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { NewRecoveryCodes } from '#shared/contracts/second-factor'

export default defineRoute({
  summary: 'Makes new recovery codes in place of the former, and shows them, once.',
  access: session(),
  modes: ['standalone'],
  stepUp: true,
  response: NewRecoveryCodes,
  status: 201,
  idempotency: 'never',
  handle: async ({ scope, container }) => ({ recoveryCodes: await renewRecoveryCodes(scope, container) }),
})

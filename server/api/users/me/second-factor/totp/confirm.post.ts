import { confirmTotp } from '#server/auth/second-factor/second-factor'
import { session } from '#server/http/access'
import { issueSessionCookie } from '#server/http/cookies'
import { defineRoute } from '#server/http/define-route'
import { ConfirmTotp, NewRecoveryCodes } from '#shared/contracts/second-factor'

export default defineRoute({
  summary: 'Ends the set-up of an app with its first code; shows recovery codes, once.',
  access: session(),
  modes: ['standalone'],
  stepUp: true,
  whileRestricted: true,
  body: ConfirmTotp,
  response: NewRecoveryCodes,
  idempotency: 'never',
  async handle({ scope, body, container, event }) {
    const { recoveryCodes, session: renewed } = await confirmTotp(scope, container, body)
    issueSessionCookie(event, renewed)
    return { recoveryCodes }
  },
})

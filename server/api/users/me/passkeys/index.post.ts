import { registerPasskey } from '#server/auth/second-factor/passkeys'
import { session } from '#server/http/access'
import { clearStepCookies, issueSessionCookie, stepToken } from '#server/http/cookies'
import { defineRoute } from '#server/http/define-route'
import { RegisterPasskey } from '#shared/contracts/passkeys'
import { NewRecoveryCodes } from '#shared/contracts/second-factor'

export default defineRoute({
  summary: 'Takes a passkey that the browser has made; the first factor brings recovery codes, shown once.',
  access: session(),
  modes: ['standalone'],
  stepUp: true,
  whileRestricted: true,
  body: RegisterPasskey,
  response: NewRecoveryCodes,
  status: 201,
  idempotency: 'never',
  async handle({ scope, body, container, event }) {
    const added = await registerPasskey(scope, container, body, stepToken(event, 'passkey'))
    clearStepCookies(event)
    issueSessionCookie(event, added.session)
    return { recoveryCodes: added.recoveryCodes }
  },
})

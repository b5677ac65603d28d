import { stepUp } from '#server/auth/step-up/step-up'
import { session } from '#server/http/access'
import { clearStepCookies, issueSessionCookie, stepToken } from '#server/http/cookies'
import { defineRoute } from '#server/http/define-route'
import { StepUp } from '#shared/contracts/second-factor'

export default defineRoute({
  summary: 'Proves anew who the caller is, before a change that matters.',
  access: session(),
  modes: ['standalone'],
  whileRestricted: true,
  body: StepUp,
  idempotency: 'never',
  async handle({ scope, body, container, event }) {
    const renewed = await stepUp(scope, container, body, stepToken(event, 'passkey'))
    clearStepCookies(event)
    issueSessionCookie(event, renewed)
  },
})

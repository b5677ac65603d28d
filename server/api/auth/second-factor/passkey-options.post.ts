import { requireLocalSignIn } from '#server/auth/sign-in/local-sign-in'
import { askForSecondFactor } from '#server/auth/sign-in/second-step'
import { entry } from '#server/http/access'
import { stepToken } from '#server/http/cookies'
import { defineRoute } from '#server/http/define-route'
import { deviceOf } from '#server/http/device'
import { askPasskey } from '#server/http/passkey-question'
import { PasskeyOptions } from '#shared/contracts/passkeys'

export default defineRoute({
  summary: 'What to ask the passkeys of whoever is signing in, as their second factor.',
  access: entry(),
  modes: ['standalone'],
  response: PasskeyOptions,
  idempotency: 'never',
  async handle({ scope, container, event }) {
    await requireLocalSignIn(scope, container)
    const { address } = deviceOf(event)
    const pending = stepToken(event, 'pending')
    return askPasskey(event, await askForSecondFactor(scope, container, address, pending))
  },
})

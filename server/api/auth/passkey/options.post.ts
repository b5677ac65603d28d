import { requireLocalSignIn } from '#server/auth/sign-in/local-sign-in'
import { askForPasskey } from '#server/auth/sign-in/second-step'
import { entry } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { deviceOf } from '#server/http/device'
import { askPasskey } from '#server/http/passkey-question'
import { PasskeyOptions } from '#shared/contracts/passkeys'

export default defineRoute({
  summary: 'What to ask a browser’s passkeys, to sign in by one of them alone.',
  access: entry(),
  modes: ['standalone'],
  response: PasskeyOptions,
  idempotency: 'never',
  async handle({ scope, container, event }) {
    await requireLocalSignIn(scope, container)
    return askPasskey(event, await askForPasskey(container, deviceOf(event).address))
  },
})

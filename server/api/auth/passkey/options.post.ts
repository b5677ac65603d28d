import { requireLocalSignIn } from '#server/auth/sign-in/local-sign-in'
import { entry } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
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
    return askPasskey(event, await container.passkeyCeremonies.ask('sign-in', null))
  },
})

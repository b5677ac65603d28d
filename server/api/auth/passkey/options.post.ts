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
  handle: async ({ container, event }) =>
    askPasskey(event, await container.passkeyCeremonies.ask('sign-in', null)),
})

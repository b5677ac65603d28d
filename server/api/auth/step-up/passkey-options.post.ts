import { askForStepUp } from '#server/auth/step-up/step-up'
import { session } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { askPasskey } from '#server/http/passkey-question'
import { PasskeyOptions } from '#shared/contracts/passkeys'

export default defineRoute({
  summary: "What to ask the caller's passkeys, to prove anew who they are.",
  access: session(),
  modes: ['standalone'],
  whileRestricted: true,
  response: PasskeyOptions,
  idempotency: 'never',
  handle: async ({ scope, container, event }) => askPasskey(event, await askForStepUp(scope, container)),
})

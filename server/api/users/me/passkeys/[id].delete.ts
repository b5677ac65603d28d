import { removePasskey } from '#server/auth/second-factor/passkeys'
import { session } from '#server/http/access'
import { issueSessionCookie } from '#server/http/cookies'
import { defineRoute } from '#server/http/define-route'
import { IdPath } from '#server/http/paths'

export default defineRoute({
  summary: "Removes one of the caller's passkeys; every other session of theirs ends.",
  access: session(),
  modes: ['standalone'],
  stepUp: true,
  params: IdPath,
  async handle({ scope, params, event }) {
    issueSessionCookie(event, await removePasskey(scope, params.id))
  },
})

import { renamePasskey } from '#server/auth/second-factor/passkeys'
import { session } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { IdPath } from '#server/http/paths'
import { Passkey, RenamePasskey } from '#shared/contracts/passkeys'

export default defineRoute({
  summary: "Renames one of the caller's passkeys.",
  access: session(),
  modes: ['standalone'],
  params: IdPath,
  body: RenamePasskey,
  response: Passkey,
  handle: ({ scope, params, body }) => renamePasskey(scope, params.id, body.name),
})

import { deleteSecret } from '#server/domain/vaults/vaults'
import { vault } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { SecretPath } from '#server/http/paths'

export default defineRoute({
  summary: 'Deletes a secret with all its versions, for good.',
  access: vault('secrets:write'),
  params: SecretPath,
  stepUp: true,
  handle: ({ scope, params, container }) => deleteSecret(scope, container.vault, params),
})

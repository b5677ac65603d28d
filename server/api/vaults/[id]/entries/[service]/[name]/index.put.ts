import { putSecret } from '#server/domain/vaults/vaults'
import { vault } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { SecretPath } from '#server/http/paths'
import { PutSecret } from '#shared/contracts/vaults'

export default defineRoute({
  summary: 'Writes a value, as a new version.',
  access: vault('secrets:write'),
  params: SecretPath,
  body: PutSecret,
  handle: ({ scope, params, body, container }) => putSecret(scope, container.vault, { ...params, ...body }),
})

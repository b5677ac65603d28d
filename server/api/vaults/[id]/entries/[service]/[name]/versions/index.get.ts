import { listVersions } from '#server/domain/vaults/vaults'
import { vault } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { SecretPath } from '#server/http/paths'
import { SecretVersions } from '#shared/contracts/vaults'

export default defineRoute({
  summary: 'The versions of a secret that are kept, newest first, without values.',
  access: vault('secrets:list'),
  params: SecretPath,
  response: SecretVersions,
  handle: ({ scope, params, container }) => listVersions(scope, container.vault, params),
})

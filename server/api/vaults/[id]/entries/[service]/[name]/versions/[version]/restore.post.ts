import { restoreVersion } from '#server/domain/vaults/vaults'
import { vault } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { SecretVersionPath } from '#server/http/paths'

export default defineRoute({
  summary: 'Makes a kept version the newest again.',
  access: vault('secrets:write'),
  params: SecretVersionPath,
  handle: ({ scope, params, container }) => restoreVersion(scope, container.vault, params),
})

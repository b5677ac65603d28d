import { checkSecrets } from '#server/domain/vaults/vaults'
import { vault } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { VaultCheck } from '#shared/contracts/vaults'

export default defineRoute({
  summary: 'Opens every secret of a vault, and says which do not open.',
  access: vault('secrets:read'),
  response: VaultCheck,
  handle: ({ scope, container }) => checkSecrets(scope, container.vault),
})

import { unbindMember } from '#server/domain/vaults/vaults'
import { tenant } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { VaultMemberPath } from '#server/http/paths'

export default defineRoute({
  summary: 'Closes a vault to a member.',
  access: tenant('vaults:manage'),
  params: VaultMemberPath,
  stepUp: true,
  handle: ({ scope, params }) => unbindMember(scope, params.vaultId, params.userId),
})

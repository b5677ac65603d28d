import { removeVault } from '#server/domain/vaults/vaults'
import { tenant } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { TenantVaultPath } from '#server/http/paths'

export default defineRoute({
  summary: 'Removes an empty vault.',
  access: tenant('vaults:manage'),
  params: TenantVaultPath,
  stepUp: true,
  handle: ({ scope, params, container }) => removeVault(scope, container.vault, params.vaultId),
})

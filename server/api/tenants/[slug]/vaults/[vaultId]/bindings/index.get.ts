import { listBindings } from '#server/domain/vaults/vaults'
import { tenant } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { TenantVaultPath } from '#server/http/paths'
import { VaultBindingPage, VaultQuery } from '#shared/contracts/vaults'

export default defineRoute({
  summary: 'Whom a vault is open to, beside owners and admins.',
  access: tenant('vaults:manage'),
  params: TenantVaultPath,
  query: VaultQuery,
  response: VaultBindingPage,
  handle: ({ scope, params, query }) => listBindings(scope, params.vaultId, query),
})

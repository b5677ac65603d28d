import { listVaults } from '#server/domain/vaults/vaults'
import { tenant } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { VaultPage, VaultQuery } from '#shared/contracts/vaults'

export default defineRoute({
  summary: "The tenant's vaults; a machine is told those that it reaches, with its own default.",
  access: tenant('vaults:read'),
  query: VaultQuery,
  response: VaultPage,
  handle: ({ scope, query }) => listVaults(scope, query),
})

import { createVault } from '#server/domain/vaults/vaults'
import { tenant } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { CreateVault, Vault } from '#shared/contracts/vaults'

export default defineRoute({
  summary: 'Makes another vault.',
  access: tenant('vaults:manage'),
  body: CreateVault,
  response: Vault,
  status: 201,
  handle: ({ scope, body }) => createVault(scope, body.handle),
})

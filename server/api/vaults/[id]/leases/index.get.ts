import { listVaultLeases } from '#server/domain/vaults/vaults'
import { vault } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { LeasePage, LeaseQuery } from '#shared/contracts/vaults'

export default defineRoute({
  summary: 'What is lent of a vault; whoever does not manage it is told of their own.',
  access: vault('leases:read'),
  query: LeaseQuery,
  response: LeasePage,
  handle: ({ scope, query }) => listVaultLeases(scope, query),
})

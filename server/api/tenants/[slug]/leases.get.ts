import { listTenantLeases } from '#server/domain/vaults/vaults'
import { tenant } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { LeasePage, LeaseQuery } from '#shared/contracts/vaults'

export default defineRoute({
  summary: 'What is lent of all vaults of the tenant; whoever does not manage them is told of their own.',
  access: tenant('secrets:lease'),
  query: LeaseQuery,
  response: LeasePage,
  handle: ({ scope, query }) => listTenantLeases(scope, query),
})

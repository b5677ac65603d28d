import { listTenants } from '#server/domain/tenants/tenants'
import { caller } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { TenantPage, TenantQuery } from '#shared/contracts/tenants'

export default defineRoute({
  summary: 'Tenants that the caller may see, newest first: their own, or all for an operator.',
  access: caller(),
  query: TenantQuery,
  response: TenantPage,
  handle: ({ scope, query }) => listTenants(scope, query),
})

import { getTenant } from '#server/domain/tenants/tenants'
import { tenant } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { Tenant } from '#shared/contracts/tenants'

export default defineRoute({
  summary: 'One tenant.',
  access: tenant('tenant:read'),
  response: Tenant,
  etag: 'version',
  handle: ({ scope }) => getTenant(scope),
})

import { updateTenant } from '#server/domain/tenants/tenants'
import { tenant } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { Tenant, UpdateTenant } from '#shared/contracts/tenants'

export default defineRoute({
  summary: 'Changes a tenant; its slug stays.',
  access: tenant('tenant:update'),
  body: UpdateTenant,
  response: Tenant,
  etag: 'version',
  handle: ({ scope, body, ifMatch }) => updateTenant(scope, body, ifMatch),
})

import { createTenant } from '#server/domain/tenants/tenants'
import { operator } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { CreateTenant, Tenant } from '#shared/contracts/tenants'

export default defineRoute({
  summary: 'Creates a tenant; its provisioning is asked for at once.',
  access: operator(),
  body: CreateTenant,
  response: Tenant,
  status: 201,
  etag: 'version',
  handle: ({ scope, body }) => createTenant(scope, body),
})

import { deleteTenant } from '#server/domain/tenants/tenants'
import { tenant } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { Tenant } from '#shared/contracts/tenants'

export default defineRoute({
  summary: 'Marks a tenant for deletion; within the time of grace it can be restored.',
  access: tenant('tenant:delete'),
  response: Tenant,
  status: 202,
  handle: ({ scope, container }) => deleteTenant(scope, container.config.deleteGraceSeconds),
})

import { restoreTenant } from '#server/domain/tenants/tenants'
import { tenant } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { Tenant } from '#shared/contracts/tenants'

export default defineRoute({
  summary: 'Takes an archival back, or a deletion while its time of grace lasts.',
  access: tenant('tenant:delete'),
  response: Tenant,
  status: 202,
  handle: ({ scope }) => restoreTenant(scope),
})

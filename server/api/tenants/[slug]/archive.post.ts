import { archiveTenant } from '#server/domain/tenants/tenants'
import { tenant } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { Tenant } from '#shared/contracts/tenants'

export default defineRoute({
  summary: 'Puts a tenant away, with an export of what is on record of it.',
  access: tenant('tenant:lifecycle'),
  response: Tenant,
  status: 202,
  handle: ({ scope }) => archiveTenant(scope),
})

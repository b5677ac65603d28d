import { resumeTenant } from '#server/domain/tenants/tenants'
import { tenant } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { Tenant } from '#shared/contracts/tenants'

export default defineRoute({
  summary: 'Takes a suspension back.',
  access: tenant('tenant:lifecycle'),
  response: Tenant,
  status: 202,
  handle: ({ scope }) => resumeTenant(scope),
})

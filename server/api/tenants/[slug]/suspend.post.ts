import { suspendTenant } from '#server/domain/tenants/tenants'
import { tenant } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { Tenant } from '#shared/contracts/tenants'

export default defineRoute({
  summary: "Keeps everybody out of the tenant's services until it is resumed; nothing is lost.",
  access: tenant('tenant:lifecycle'),
  response: Tenant,
  status: 202,
  handle: ({ scope }) => suspendTenant(scope),
})

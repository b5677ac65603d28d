import { tenant } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { getProvisioning } from '#server/provisioning/provisioning'
import { Provisioning } from '#shared/contracts/provisioning'

export default defineRoute({
  summary: "The state of each of the tenant's provisioning steps.",
  access: tenant('provisioning:read'),
  response: Provisioning,
  handle: ({ scope }) => getProvisioning(scope),
})

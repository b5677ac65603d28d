import { tenant } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { getPlan } from '#server/provisioning/plan'
import { TenantPlan } from '#shared/contracts/provisioning'

export default defineRoute({
  summary: 'What a reconcile would change now, service by service; changes nothing.',
  access: tenant('provisioning:reconcile'),
  response: TenantPlan,
  handle: ({ scope, container }) => getPlan(scope, container),
})

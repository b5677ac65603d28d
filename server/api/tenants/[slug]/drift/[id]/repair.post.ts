import { tenant } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { DriftPath } from '#server/http/paths'
import { repairDrift } from '#server/provisioning/drift/drift'
import { RunStarted } from '#shared/contracts/provisioning'

export default defineRoute({
  summary: 'Has every service of the tenant brought in line.',
  access: tenant('provisioning:reconcile'),
  params: DriftPath,
  response: RunStarted,
  status: 202,
  handle: ({ scope, params }) => repairDrift(scope, params.id),
})

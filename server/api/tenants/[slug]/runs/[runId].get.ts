import { tenant } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { RunPath } from '#server/http/paths'
import { getRun } from '#server/provisioning/provisioning'
import { ProvisioningRun } from '#shared/contracts/provisioning'

export default defineRoute({
  summary: 'One provisioning run.',
  access: tenant('provisioning:read'),
  params: RunPath,
  response: ProvisioningRun,
  handle: ({ scope, params }) => getRun(scope, params.runId),
})

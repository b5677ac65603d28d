import { tenant } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { RunPath } from '#server/http/paths'
import { getRun } from '#server/provisioning/provisioning'
import { ProvisioningRunDetails } from '#shared/contracts/provisioning'

export default defineRoute({
  summary: 'One provisioning run, with what its steps read at the services after they were done.',
  access: tenant('provisioning:read'),
  params: RunPath,
  response: ProvisioningRunDetails,
  handle: ({ scope, params }) => getRun(scope, params.runId),
})

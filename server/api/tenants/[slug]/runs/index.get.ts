import { tenant } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { listRuns } from '#server/provisioning/provisioning'
import { PageQuery } from '#shared/contracts/common'
import { ProvisioningRunPage } from '#shared/contracts/provisioning'

export default defineRoute({
  summary: "The tenant's provisioning runs, newest first.",
  access: tenant('provisioning:read'),
  query: PageQuery,
  response: ProvisioningRunPage,
  handle: ({ scope, query }) => listRuns(scope, query),
})

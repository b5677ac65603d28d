import { tenant } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { listDrift } from '#server/provisioning/drift/drift'
import { DriftPage, DriftQuery } from '#shared/contracts/drift'

export default defineRoute({
  summary: 'What is not as it should be at the services, newest first.',
  access: tenant('provisioning:read'),
  query: DriftQuery,
  response: DriftPage,
  handle: ({ scope, query }) => listDrift(scope, query),
})

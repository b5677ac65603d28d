import { operator } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { listOpenDrift } from '#server/provisioning/drift/board'
import { BoardDriftPage, OfServiceQuery } from '#shared/contracts/drift'

export default defineRoute({
  summary: 'What is not as it should be at the services, of all tenants; newest first.',
  access: operator(),
  query: OfServiceQuery,
  response: BoardDriftPage,
  handle: ({ scope, query }) => listOpenDrift(scope, query),
})

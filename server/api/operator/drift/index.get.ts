import { operator } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { listAllDrift } from '#server/provisioning/drift/board'
import { BoardDriftPage, BoardDriftQuery } from '#shared/contracts/drift'

export default defineRoute({
  summary: 'What is not as it should be at the services, of all tenants; newest first.',
  access: operator(),
  query: BoardDriftQuery,
  response: BoardDriftPage,
  handle: ({ scope, query }) => listAllDrift(scope, query),
})

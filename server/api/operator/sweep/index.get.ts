import { operator } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { listSweeps } from '#server/provisioning/drift/board'
import { PageQuery } from '#shared/contracts/common'
import { SweepPage } from '#shared/contracts/drift'

export default defineRoute({
  summary: 'The sweeps, newest first.',
  access: operator(),
  query: PageQuery,
  response: SweepPage,
  handle: ({ scope, query }) => listSweeps(scope, query),
})

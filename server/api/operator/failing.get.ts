import { operator } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { listFailing } from '#server/provisioning/drift/board'
import { FailingStepPage, OfServiceQuery } from '#shared/contracts/drift'

export default defineRoute({
  summary: 'The steps that failed, each with its tenant.',
  access: operator(),
  query: OfServiceQuery,
  response: FailingStepPage,
  handle: ({ scope, query }) => listFailing(scope, query),
})

import { operator } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { retryFailing } from '#server/provisioning/drift/board'
import { Retried, Retry } from '#shared/contracts/drift'

export default defineRoute({
  summary: 'Has tenants whose steps at a service failed looked at again, fifty at most.',
  access: operator(),
  body: Retry,
  response: Retried,
  status: 202,
  handle: ({ scope, body }) => retryFailing(scope, body.service),
})

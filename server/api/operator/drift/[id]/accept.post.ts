import { operator } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { IdPath } from '#server/http/paths'
import { settleAnyDrift } from '#server/provisioning/drift/drift'

export default defineRoute({
  summary: 'Takes what was found as right, whosever it is, until something else is found.',
  access: operator(),
  params: IdPath,
  handle: ({ scope, params }) => settleAnyDrift(scope, params.id, 'accepted'),
})

import { operator } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { IdPath } from '#server/http/paths'
import { settleAnyDrift } from '#server/provisioning/drift/drift'

export default defineRoute({
  summary: 'Has what was accepted or ignored open again, whosever it is.',
  access: operator(),
  params: IdPath,
  handle: ({ scope, params }) => settleAnyDrift(scope, params.id, 'open'),
})

import { listSessionsOf } from '#server/auth/sessions/operate-sessions'
import { operator } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { IdPath } from '#server/http/paths'
import { SessionPage } from '#shared/contracts/auth'
import { PageQuery } from '#shared/contracts/common'

export default defineRoute({
  summary: "A user's sessions, newest first.",
  access: operator(),
  params: IdPath,
  query: PageQuery,
  response: SessionPage,
  handle: ({ scope, params, query, container }) =>
    listSessionsOf(scope, container.sessionLimits, params.id, query),
})

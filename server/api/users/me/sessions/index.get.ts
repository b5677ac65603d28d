import { listOwnSessions } from '#server/auth/sessions/sessions'
import { session } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { SessionPage } from '#shared/contracts/auth'
import { PageQuery } from '#shared/contracts/common'

export default defineRoute({
  summary: "The caller's own sessions, newest first.",
  access: session(),
  query: PageQuery,
  response: SessionPage,
  handle: ({ scope, query, container }) => listOwnSessions(scope, container.sessionLimits, query),
})

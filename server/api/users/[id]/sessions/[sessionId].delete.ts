import { endSessionOf } from '#server/auth/sessions/operate-sessions'
import { operator } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { UserSessionPath } from '#server/http/paths'

export default defineRoute({
  summary: "Ends one of a user's sessions.",
  access: operator(),
  params: UserSessionPath,
  handle: ({ scope, params }) => endSessionOf(scope, params.id, params.sessionId),
})

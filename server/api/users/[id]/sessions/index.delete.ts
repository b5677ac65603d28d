import { endSessionsOf } from '#server/auth/sessions/operate-sessions'
import { operator } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { IdPath } from '#server/http/paths'

export default defineRoute({
  summary: "Ends all of a user's sessions, but not the one that asks.",
  access: operator(),
  params: IdPath,
  handle: ({ scope, params }) => endSessionsOf(scope, params.id),
})

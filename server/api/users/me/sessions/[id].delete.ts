import { endOwnSession } from '#server/auth/sessions/sessions'
import { session } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { IdPath } from '#server/http/paths'

export default defineRoute({
  summary: "Ends one of the caller's own sessions.",
  access: session(),
  params: IdPath,
  handle: ({ scope, params }) => endOwnSession(scope, params.id),
})

import { endOwnSession } from '#server/auth/sessions/sessions'
import { caller } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { IdPath } from '#server/http/paths'

export default defineRoute({
  summary: "Ends one of the caller's own sessions.",
  access: caller(),
  params: IdPath,
  handle: ({ scope, params }) => endOwnSession(scope, params.id),
})

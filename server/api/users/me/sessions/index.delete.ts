import { endOtherSessions } from '#server/auth/sessions/sessions'
import { session } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'

export default defineRoute({
  summary: "Ends all of the caller's sessions but the one that asks.",
  access: session(),
  handle: ({ scope }) => endOtherSessions(scope),
})

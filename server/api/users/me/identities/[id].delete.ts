import { unlinkIdentity } from '#server/auth/oidc/own-identities'
import { session } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { otherWays } from '#server/http/other-ways'
import { IdPath } from '#server/http/paths'

export default defineRoute({
  summary: "Unlinks one of the caller's identities; the sessions that began with it end.",
  access: session(),
  stepUp: true,
  params: IdPath,
  handle: async ({ scope, container, params }) =>
    unlinkIdentity(scope, await otherWays(container, scope.requestId), params.id),
})

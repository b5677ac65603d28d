import { listOwnIdentities } from '#server/auth/oidc/own-identities'
import { caller } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { otherWays } from '#server/http/other-ways'
import { LinkedIdentities } from '#shared/contracts/identities'

export default defineRoute({
  summary: "The caller's identities at OpenID providers.",
  access: caller(),
  response: LinkedIdentities,
  handle: async ({ scope, container }) =>
    listOwnIdentities(scope, await otherWays(container, scope.requestId)),
})

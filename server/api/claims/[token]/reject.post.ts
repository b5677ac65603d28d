import { session } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { TokenPath } from '#server/http/paths'
import { rejectClaim } from '#server/identities/claims'

export default defineRoute({
  summary: 'Refuses a machine that asks to be claimed.',
  access: session(),
  params: TokenPath,
  handle: ({ scope, params, container }) => rejectClaim(scope, container, params.token),
})

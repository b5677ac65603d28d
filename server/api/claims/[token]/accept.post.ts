import { session } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { TokenPath } from '#server/http/paths'
import { acceptClaim } from '#server/identities/claims'
import { AcceptClaim, Machine } from '#shared/contracts/machines'

export default defineRoute({
  summary: 'Lets a machine act for a member or a service of a tenant.',
  access: session(),
  stepUp: true,
  params: TokenPath,
  body: AcceptClaim,
  response: Machine,
  etag: 'version',
  handle: ({ scope, params, body, container }) => acceptClaim(scope, container, params.token, body),
})

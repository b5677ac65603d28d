import { session } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { TokenPath } from '#server/http/paths'
import { offerClaim } from '#server/identities/claims'
import { ClaimOffer } from '#shared/contracts/machines'

export default defineRoute({
  summary: 'The machine that asks to be claimed, and the tenants for which the caller may accept it.',
  access: session(),
  params: TokenPath,
  response: ClaimOffer,
  handle: ({ scope, params, container }) => offerClaim(scope, container, params.token),
})

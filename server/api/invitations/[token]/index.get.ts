import { countedLook } from '#server/auth/sign-in/attempts'
import { isLocalSignInOn } from '#server/auth/sign-in/local-sign-in'
import { offerOf } from '#server/domain/invitations/invitations'
import { entry } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { deviceOf } from '#server/http/device'
import { TokenPath } from '#server/http/paths'
import { InvitationOffer } from '#shared/contracts/invitations'

export default defineRoute({
  summary: 'What an invitation offers to the holder of its token, and what they have to do to accept it.',
  access: entry(),
  params: TokenPath,
  response: InvitationOffer,
  handle: ({ scope, params, container, event }) =>
    countedLook(container, deviceOf(event).address, async () => {
      const localSignIn = await isLocalSignInOn(scope, container)
      const { authMode } = container.config
      return offerOf(scope, { authMode, localSignIn }, params.token, event.context.caller?.userId ?? null)
    }),
})

import { acceptInvitation } from '#server/auth/sign-in/accept-invitation'
import { caller, entry } from '#server/http/access'
import { issueSessionCookie } from '#server/http/cookies'
import { defineRoute } from '#server/http/define-route'
import { originOf } from '#server/http/device'
import { TokenPath } from '#server/http/paths'
import { refuseRestricted } from '#server/http/proof'
import { AcceptedInvitation, AcceptInvitation } from '#shared/contracts/invitations'

export default defineRoute({
  summary: 'Accepts an invitation: as the person who is signed in, or as a new one, who is signed in then.',
  access: entry(),
  params: TokenPath,
  body: AcceptInvitation,
  response: AcceptedInvitation,
  idempotency: 'never',
  async handle({ scope, params, body, container, event }) {
    refuseRestricted(event.context.caller, { access: caller() })
    const holder = { callerId: event.context.caller?.userId ?? null, account: body }
    const { accepted, session } = await acceptInvitation(
      scope,
      container,
      params.token,
      holder,
      originOf(event),
    )
    if (session) issueSessionCookie(event, session)
    return accepted
  },
})

import { resendInvitation } from '#server/domain/invitations/invitations'
import { tenant } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { mailSenderOf } from '#server/http/mail-sender'
import { InvitationPath } from '#server/http/paths'
import { Invitation } from '#shared/contracts/invitations'

export default defineRoute({
  summary: 'Sends an open invitation again, with a new token in place of the former.',
  access: tenant('members:invite'),
  params: InvitationPath,
  response: Invitation,
  async handle({ scope, params, container }) {
    const sender = await mailSenderOf(container, scope.requestId)
    return resendInvitation(scope, { ...container, sender }, params.id)
  },
})

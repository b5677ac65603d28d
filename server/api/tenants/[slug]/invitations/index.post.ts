import { inviteMember } from '#server/domain/invitations/invitations'
import { tenant } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { mailSenderOf } from '#server/http/mail-sender'
import { Invitation, InviteMember } from '#shared/contracts/invitations'

export default defineRoute({
  summary: 'Invites somebody by e-mail.',
  access: tenant('members:invite'),
  body: InviteMember,
  response: Invitation,
  status: 201,
  async handle({ scope, body, container }) {
    const sender = await mailSenderOf(container, scope.requestId)
    return inviteMember(scope, { ...container, sender }, body)
  },
})

import { revokeInvitation } from '#server/domain/invitations/invitations'
import { tenant } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { InvitationPath } from '#server/http/paths'

export default defineRoute({
  summary: 'Takes an open invitation back.',
  access: tenant('members:invite'),
  params: InvitationPath,
  handle: ({ scope, params }) => revokeInvitation(scope, params.id),
})

import { listInvitations } from '#server/domain/invitations/invitations'
import { tenant } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { InvitationPage, InvitationQuery } from '#shared/contracts/invitations'

export default defineRoute({
  summary: "The tenant's open invitations, newest first.",
  access: tenant('invitations:read'),
  query: InvitationQuery,
  response: InvitationPage,
  handle: ({ scope, query, container }) => listInvitations(scope, container.mailer !== undefined, query),
})

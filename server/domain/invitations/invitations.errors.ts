import { defineErrors } from '#server/lib/errors'

export const invitationError = defineErrors({
  'invitation.not_found': { status: 404, title: 'There is no such invitation, or it is over.' },
  'invitation.already_open': { status: 409, title: 'This address is invited already.' },
  'invitation.tenant_closed': { status: 409, title: 'The tenant takes no members now.' },
  'invitation.for_another_address': { status: 409, title: 'The invitation is for somebody else.' },
  'invitation.sign_in_first': { status: 401, title: 'Sign in to accept the invitation.' },
})

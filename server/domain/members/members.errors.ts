import { defineErrors } from '#server/lib/errors'

export const memberError = defineErrors({
  'member.not_found': { status: 404, title: 'This person is not a member of the tenant.' },
  'member.already_there': { status: 409, title: 'This person is a member already.' },
  'member.last_owner': { status: 409, title: 'A tenant needs an owner.' },
  'member.role_refused': { status: 403, title: 'Only an owner or an operator decides who is an owner.' },
  'member.changed_meanwhile': { status: 412, title: 'The membership was changed meanwhile.' },
})

import { defineErrors } from '#server/lib/errors'

export const userError = defineErrors({
  'user.not_found': { status: 404, title: 'There is no such user.' },
  'user.email_taken': { status: 409, title: 'A user with this e-mail address exists.' },
  'user.last_operator': { status: 409, title: 'The portal needs an operator who can sign in.' },
  'user.sole_owner': { status: 409, title: 'This person is the only owner of a tenant.' },
  'user.changed_meanwhile': { status: 412, title: 'The user was changed meanwhile.' },
  'user.no_local_password': { status: 409, title: 'This account has no local password.' },
  'user.passwords_unavailable': { status: 422, title: 'There are no local passwords in this mode.' },
})

/** Nobody would be left who runs the platform. */
export const lastOperator = () =>
  userError('user.last_operator', { detail: 'Make somebody else an operator first.' })

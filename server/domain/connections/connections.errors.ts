import { defineErrors } from '#server/lib/errors'

export const connectionError = defineErrors({
  'connection.not_found': { status: 404, title: 'The tenant has no connection of its own to this service.' },
  'connection.former_not_found': { status: 404, title: 'Nothing is known to be left there.' },
  'connection.address_refused': { status: 422, title: 'This address is not asked.' },
  'connection.credential_required': {
    status: 422,
    title: 'A new address wants its credential: a stored one is sent nowhere else.',
  },
  'connection.credential_unfit': { status: 422, title: 'This service is not signed in to in this way.' },
  'connection.changed_meanwhile': { status: 409, title: 'The connection was changed meanwhile.' },
})

import { defineErrors } from '#server/lib/errors'

export const domainError = defineErrors({
  'domain.not_found': { status: 404, title: 'There is no such domain, or its claim is over.' },
  'domain.name_refused': { status: 422, title: 'No mail domain can have this name.' },
  'domain.already_added': { status: 409, title: 'The domain is in the list already.' },
  'domain.taken': { status: 409, title: 'The domain belongs to another tenant.' },
  'domain.too_many': { status: 409, title: 'The tenant has as many domains as it can.' },
  'domain.holds_mailboxes': { status: 409, title: 'The mailboxes are on this domain.' },
  'domain.challenge_missing': { status: 409, title: 'The TXT record was not found.' },
  'domain.challenge_different': { status: 409, title: 'The TXT record says something else.' },
  'domain.challenge_is_alias': { status: 409, title: 'The name of the TXT record is an alias.' },
  'domain.lookup_failed': { status: 503, title: 'The DNS gave no answer.' },
})

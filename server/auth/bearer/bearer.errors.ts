import { defineErrors } from '#server/lib/errors'

/** Why a call with a token is refused. 400: how it was sent (RFC 6750 section 3.1); 401: what was sent. */
export const bearerError = defineErrors({
  'auth.ambiguous': { status: 400, title: 'The call says in more than one way who is calling.' },
  'auth.token_malformed': { status: 400, title: 'The Authorization header holds no bearer token.' },
  'auth.token_too_large': { status: 400, title: 'The access token is too large.' },
  'auth.token_invalid': { status: 401, title: 'The access token does not hold.' },
  'auth.token_issuer': {
    status: 401,
    title: 'The access token comes from somebody who is not trusted here.',
  },
  'auth.token_audience': { status: 401, title: 'The access token is not meant for this portal.' },
  'auth.token_expired': { status: 401, title: 'The access token is over.' },
  'auth.token_not_yet_valid': { status: 401, title: 'The access token does not hold yet.' },
  'auth.token_type': { status: 401, title: 'This is not an access token of a person.' },
  'auth.token_bound': {
    status: 401,
    title: 'The access token is bound to a key, and needs a proof of that key.',
  },
  'auth.token_unbound': { status: 401, title: 'The access token is bound to no key: send it as a Bearer.' },
  'auth.token_inactive': { status: 401, title: 'The access token holds no more, or never did.' },
  'auth.user_unknown': { status: 401, title: 'Nobody here has this identity.' },
  'auth.user_disabled': { status: 403, title: 'This account is disabled.' },
})

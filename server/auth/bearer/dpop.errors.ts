import { defineErrors } from '#server/lib/errors'

/** Why the proof beside an access token is refused (RFC 9449 section 4.3), in the order of the checks. */
export const dpopError = defineErrors({
  'dpop.missing': { status: 401, title: 'The DPoP header, with the proof of the key, is missing.' },
  'dpop.malformed': { status: 401, title: 'The DPoP header holds no proof.' },
  'dpop.alg_refused': { status: 401, title: 'The proof is signed with an algorithm that is not taken here.' },
  'dpop.signature_invalid': { status: 401, title: 'The proof is not signed with the key in its header.' },
  'dpop.claims_missing': { status: 401, title: 'The proof lacks claims that it needs.' },
  'dpop.method_wrong': { status: 401, title: 'The proof is for another method.' },
  'dpop.uri_wrong': { status: 401, title: 'The proof is for another address.' },
  'dpop.expired': { status: 401, title: 'The proof is too old.' },
  'dpop.not_yet_valid': { status: 401, title: 'The proof does not hold yet.' },
  'dpop.token_wrong': { status: 401, title: 'The proof is for another access token.' },
  'dpop.replayed': { status: 401, title: 'The proof was used before.' },
})

import { defineErrors } from '#server/lib/errors'

/** Why a proof of possession is refused: a code for each check, in the order of the checks. */
export const proofError = defineErrors({
  'pop.malformed': { status: 401, title: 'The Authorization header holds no proof of possession.' },
  'pop.alg_refused': { status: 401, title: 'A proof is signed with EdDSA, and with nothing else.' },
  'pop.key_invalid': { status: 401, title: 'The issuer of the proof is no did:key of an Ed25519 key.' },
  'pop.signature_invalid': { status: 401, title: 'The proof is not signed with the key that it names.' },
  'pop.audience_wrong': { status: 401, title: 'The proof is not meant for this portal.' },
  'pop.claims_missing': { status: 401, title: 'The proof lacks claims that it needs.' },
  'pop.expired': { status: 401, title: 'The proof is over.' },
  'pop.life_too_long': { status: 401, title: 'The proof holds for longer than a proof may.' },
  'pop.not_yet_valid': { status: 401, title: 'The proof does not hold yet.' },
  'pop.method_wrong': { status: 401, title: 'The proof is for another method.' },
  'pop.path_wrong': { status: 401, title: 'The proof is for another path or query.' },
  'pop.body_changed': { status: 401, title: 'The proof is for another body.' },
  'pop.identity_unknown': { status: 401, title: 'No identity is registered with this key.' },
  'pop.subject_wrong': { status: 401, title: 'The key is not that of the identity that the proof names.' },
  'pop.new_key_unproven': { status: 422, title: 'The new key has not signed this call.' },
  'pop.replayed': { status: 401, title: 'The proof was used before.' },
})

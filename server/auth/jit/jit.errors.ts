import { defineErrors } from '#server/lib/errors'

/** Why somebody whom the OpenID provider vouches for is not let in, or not linked. */
export const jitError = defineErrors({
  'auth.claims_invalid': { status: 401, title: 'The OpenID provider does not say who this is.' },
  'auth.user_disabled': { status: 403, title: 'This account is disabled.' },
  'auth.email_taken': { status: 409, title: 'Another account has this e-mail address.' },
  'auth.identity_taken': { status: 409, title: 'This identity belongs to another account.' },
})

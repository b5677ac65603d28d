import { defineErrors } from '#server/lib/errors'

/** What can be wrong with an identity and for whom it acts, whoever asks. */
export const identityError = defineErrors({
  'identity.not_found': { status: 404, title: 'There is no such machine.' },
  'identity.handle_taken': { status: 409, title: 'Another machine has this handle.' },
  'identity.did_taken': { status: 409, title: 'This key belongs to another machine.' },
  'identity.revoked': { status: 401, title: 'This machine was revoked.' },
  'identity.unclaimed': { status: 403, title: 'Nobody has accepted this machine.' },
  'principal.disabled': { status: 403, title: 'The account in whose name this acts is disabled.' },
  'principal.tenant_rests': { status: 403, title: 'The tenant for which this acts is not active.' },
  'claim.not_found': { status: 404, title: 'This claim does not exist, was used, or is over.' },
})

import { defineErrors } from '#server/lib/errors'

/** What can be wrong with an identity and for whom it acts, whoever asks. */
export const identityError = defineErrors({
  'identity.not_found': { status: 404, title: 'There is no such machine.' },
  'identity.handle_taken': { status: 409, title: 'Another machine has this handle.' },
  'identity.did_taken': { status: 409, title: 'This key belongs to another machine.' },
  'identity.revoked': { status: 401, title: 'This machine was revoked.' },
  'identity.unclaimed': { status: 403, title: 'Nobody has accepted this machine.' },
  'identity.not_claimed': { status: 409, title: 'This machine acts for nobody.' },
  'identity.changed_meanwhile': { status: 412, title: 'The machine was changed meanwhile.' },
  'principal.disabled': { status: 403, title: 'The account in whose name this acts is disabled.' },
  'principal.tenant_rests': { status: 403, title: 'The tenant for which this acts is not active.' },
  'service.not_found': { status: 404, title: 'There is no such service.' },
  'service.in_use': { status: 409, title: 'Machines or tokens act for this service.' },
  'grant.members_only': { status: 403, title: 'An owner or admin of the tenant decides this.' },
  'grant.role_refused': { status: 403, title: 'Nobody grants more than they may themselves.' },
  'grant.scopes_beyond_role': { status: 422, title: 'The role does not allow all of this.' },
  'claim.not_found': { status: 404, title: 'This claim does not exist, was used, or is over.' },
})

/** Why a call with an API token is refused. */
export const apiTokenError = defineErrors({
  'token.not_found': { status: 404, title: 'There is no such token.' },
  'token.unknown': { status: 401, title: 'There is no such API token.' },
  'token.expired': { status: 401, title: 'The API token is over.' },
  'token.revoked': { status: 401, title: 'The API token was revoked.' },
})

import { defineErrors } from '#server/lib/errors'

/** Errors that belong to the protocol, not to a noun. */
export const httpError = defineErrors({
  'auth.required': { status: 401, title: 'Sign in first.' },
  'auth.session_required': { status: 403, title: 'This is done in the portal itself, not with a token.' },
  'auth.step_up_required': { status: 403, title: 'Confirm first that it is you.' },
  'auth.second_factor_required': { status: 403, title: 'Set up two-step sign-in first.' },
  'auth.session_ended': { status: 401, title: 'Your session has ended.' },
  'auth.user_disabled': { status: 401, title: 'This account is disabled.' },
  'metrics.token_refused': { status: 401, title: 'The token for metrics is not right.' },
  'access.denied': { status: 403, title: 'You may not do this.' },
  'csrf.refused': { status: 403, title: 'The call does not come from this portal.' },
  'route.not_found': { status: 404, title: 'There is nothing here.' },
  'route.method_not_allowed': { status: 405, title: 'This address does not take this method.' },
  'request.bad_target': { status: 400, title: 'This address is not well formed.' },
  'request.cut_off': { status: 400, title: 'The body did not arrive whole.' },
  'request.not_json': { status: 400, title: 'The body is not JSON.' },
  'request.too_large': { status: 413, title: 'The body is too large.' },
  'request.wrong_media_type': { status: 415, title: 'The body must be application/json.' },
  'request.invalid': { status: 422, title: 'The request does not fit its schema.' },
  'precondition.malformed': { status: 400, title: 'If-Match does not hold an entity tag of this resource.' },
  'integration.failed': { status: 502, title: 'A service that Tenantry depends on answered with a failure.' },
  'integration.unavailable': { status: 503, title: 'A service that Tenantry depends on can not be reached.' },
  'database.unavailable': { status: 503, title: 'The database can not be reached.' },
  'cache.unavailable': { status: 503, title: 'The shared cache can not be reached.' },
  'server.draining': { status: 503, title: 'This server is about to stop.' },
  'internal.error': { status: 500, title: 'Something went wrong on our side.' },
})

import { defineErrors } from '#server/lib/errors'

/** Why a login at the OpenID provider came to nothing. app/composables/login-failure-words.ts has words for each. */
export const oidcError = defineErrors({
  'auth.callback_invalid': {
    status: 400,
    title: 'The sign-in service answered in a way that can not be read.',
  },
  'auth.login_unknown': { status: 400, title: 'This sign-in is over, or was begun in another browser.' },
  'auth.login_denied': { status: 400, title: 'The sign-in was not finished at the sign-in service.' },
  'auth.issuer_mismatch': { status: 400, title: 'Another sign-in service answered than was asked.' },
  'auth.code_refused': { status: 401, title: 'The sign-in service did not stand by its answer.' },
  'auth.login_not_fresh': { status: 401, title: 'The sign-in service did not ask again who you are.' },
  'auth.login_other_person': { status: 403, title: 'Somebody else signed in than is signed in here.' },
  'auth.link_session_changed': { status: 403, title: 'Somebody else is signed in by now.' },
  'auth.logout_token_invalid': { status: 400, title: 'This is no logout token of the sign-in service.' },
  'identity.not_found': { status: 404, title: 'There is no such sign-in method.' },
  'identity.only_way_in': { status: 409, title: 'This is your only way to sign in.' },
})

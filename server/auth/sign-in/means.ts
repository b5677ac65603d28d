import type { UserRow } from '#server/domain/users/users'
import { defineErrors } from '#server/lib/errors'
import type { Passwords } from '../passwords/passwords'
import type { FactorMeans } from '../second-factor/examine'
import type { SessionDevice, SessionLimits, StartedSession } from '../sessions/sessions'
import type { Attempts } from './attempts'
import type { PendingSignIns } from './pending-sign-ins'

export const signInError = defineErrors({
  'auth.invalid_credentials': { status: 401, title: 'The e-mail address or the password is not right.' },
  'auth.sign_in_expired': { status: 401, title: 'This sign-in took too long. Begin again.' },
  'auth.second_factor_wrong': { status: 401, title: 'This code or passkey is not right.' },
  'auth.passkey_refused': { status: 401, title: 'This passkey is not known here, or was not accepted.' },
})

/** What signing in works with. */
export interface SignInMeans extends FactorMeans {
  passwords: Passwords
  attempts: Attempts
  sessionLimits: SessionLimits
  pendingSignIns: PendingSignIns
}

/** Where an attempt comes from. */
export interface SignInOrigin {
  device: SessionDevice
  /** The session token that the browser held before, to be ended. */
  formerToken: string | undefined
}

/** Somebody who has just signed in. */
export interface SignedInUser {
  user: UserRow
  session: StartedSession
}

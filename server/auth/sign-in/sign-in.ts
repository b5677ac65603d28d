import type { Login } from '#shared/contracts/auth'
import type { UserRow } from '#server/domain/users/users'
import { defineErrors } from '#server/lib/errors'
import { sha256 } from '#server/lib/ids'
import type { PlatformScope } from '#server/scope'
import type { Attempts } from './attempts'
import type { Passwords } from '../passwords/passwords'
import { startSession } from '../sessions/sessions'
import type { SessionDevice, SessionLimits, StartedSession } from '../sessions/sessions'

export const signInError = defineErrors({
  'auth.invalid_credentials': { status: 401, title: 'The e-mail address or the password is not right.' },
})

/** What signing in works with. */
export interface SignInMeans {
  passwords: Passwords
  attempts: Attempts
  sessionLimits: SessionLimits
}

/** Where an attempt comes from. */
export interface SignInOrigin {
  device: SessionDevice
  /** The session token that the browser held before, to be ended. */
  formerToken: string | undefined
}

/**
 * Signs a person in by e-mail and password, and begins a new session in place of the browser's former one.
 * An unknown address, a wrong password, a disabled user and one without a password answer alike, in alike time.
 *
 * @throws AppError auth.invalid_credentials, rate.limited
 */
export async function signIn(
  scope: PlatformScope,
  { passwords, attempts, sessionLimits }: SignInMeans,
  { email, password }: Login,
  origin: SignInOrigin,
): Promise<{ user: UserRow; session: StartedSession }> {
  const address = origin.device.address ?? 'unknown'
  await attempts.count('address', address)
  await attempts.count('account', email)
  const user = await scope.stores.users.findByEmail(email)
  const matched = await passwords.matches(password, user?.passwordHash ?? null)
  if (!user?.passwordHash || !matched || user.status !== 'active')
    throw signInError('auth.invalid_credentials')
  await Promise.all([attempts.forget(email), attempts.takeBack(address)])
  const rehashed = await passwords.rehash(password, user.passwordHash)
  return scope.transaction((stores) =>
    beginSession({ ...scope, stores }, sessionLimits, user, origin, rehashed),
  )
}

/** Notes the login and begins the session; within a transaction. */
async function beginSession(
  { stores, clock }: Pick<PlatformScope, 'stores' | 'clock'>,
  limits: SessionLimits,
  { id }: UserRow,
  { device, formerToken }: SignInOrigin,
  passwordHash?: string,
) {
  if (formerToken) await stores.sessions.endByHash(sha256(formerToken))
  const user = await stores.users.noteLogin(id, passwordHash)
  // Disabled between the check and now: as if it had not matched.
  if (!user) throw signInError('auth.invalid_credentials')
  const session = await startSession(stores.sessions.of(id), clock, limits, device, { method: 'password' })
  await stores
    .auditAs({ kind: 'user', id })
    .record({ action: 'user.signed_in', subject: { kind: 'user', id } })
  return { user, session }
}

/** Ends the session of a token, if there is one. */
export async function signOut(scope: PlatformScope, token: string): Promise<void> {
  await scope.transaction(async (stores) => {
    const session = await stores.sessions.findByHash(sha256(token))
    if (!session) return
    await stores.sessions.endByHash(session.tokenHash)
    await stores
      .auditAs({ kind: 'user', id: session.userId })
      .record({ action: 'user.signed_out', subject: { kind: 'user', id: session.userId } })
  })
}

import type { Login } from '#shared/contracts/auth'
import type { FactorKind } from '#shared/contracts/second-factor'
import { sha256 } from '#server/lib/ids'
import type { PlatformScope } from '#server/scope'
import { beginSession } from './begin-session'
import { signInError, type SignedInUser, type SignInMeans, type SignInOrigin } from './means'

export { signInError, type SignedInUser, type SignInMeans, type SignInOrigin } from './means'

/** The password was right, and a second factor is wanted before there is a session. */
export interface AwaitedSecondFactor {
  secondFactor: FactorKind[]
  /** For the browser's cookie. */
  pendingToken: string
}

/**
 * Signs a person in by e-mail and password, and begins a new session in place of the browser's former one, or has
 * them show their second factor first. An unknown address, a wrong password, a disabled user and one without a
 * password answer alike, in alike time. Attempts stay counted until the person is signed in.
 *
 * @throws AppError auth.invalid_credentials, rate.limited
 */
export async function signIn(
  scope: PlatformScope,
  { passwords, attempts, sessionLimits, pendingSignIns }: SignInMeans,
  { email, password }: Login,
  origin: SignInOrigin,
): Promise<SignedInUser | AwaitedSecondFactor> {
  const address = origin.device.address ?? 'unknown'
  await attempts.count('address', address)
  await attempts.count('account', email)
  const user = await scope.stores.users.findByEmail(email)
  const matched = await passwords.matches(password, user?.passwordHash ?? null)
  if (!user?.passwordHash || !matched || user.status !== 'active')
    throw signInError('auth.invalid_credentials')
  const rehashed = await passwords.rehash(password, user.passwordHash)

  const begun = await scope.transaction(async (stores) => {
    const secondFactor = await stores.factorsOf(user.id).kinds()
    if (secondFactor.length) {
      if (rehashed) await stores.users.update(user.id, { passwordHash: rehashed })
      return { secondFactor }
    }
    const proof = { method: 'password' } as const
    return beginSession({ ...scope, stores }, sessionLimits, user.id, origin, proof, rehashed)
  })
  // Disabled between the check and now: as if it had not matched.
  if (!begun) throw signInError('auth.invalid_credentials')
  if ('secondFactor' in begun) {
    const pendingToken = await pendingSignIns.begin(user.id, rehashed ?? user.passwordHash)
    return { ...begun, pendingToken }
  }
  await Promise.all([attempts.forget(email), attempts.takeBack(address)])
  return begun
}

/** Ends the session of a token. @returns whether there was one */
export function signOut(scope: PlatformScope, token: string): Promise<boolean> {
  return scope.transaction(async (stores) => {
    const session = await stores.sessions.findByHash(sha256(token))
    if (!session) return false
    await stores.sessions.endByHash(session.tokenHash)
    await stores
      .auditAs({ kind: 'user', id: session.userId })
      .record({ action: 'user.signed_out', subject: { kind: 'user', id: session.userId } })
    return true
  })
}

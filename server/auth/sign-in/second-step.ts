import type { FactorProof } from '#shared/contracts/second-factor'
import type { PlatformScope } from '#server/scope'
import { acceptanceOf, examine } from '../second-factor/examine'
import type { PasskeyQuestion } from '../second-factor/passkey-ceremonies'
import type { SignInByPasskey } from '#shared/contracts/passkeys'
import { countedLook } from './attempts'
import { beginSession } from './begin-session'
import { signInError, type SignedInUser, type SignInMeans, type SignInOrigin } from './means'

/** The browser's cookies of a sign-in under way; undefined where it has none. */
export interface SecondStepTokens {
  pending: string | undefined
  passkey: string | undefined
}

/** @throws AppError auth.sign_in_expired, rate.limited */
function pendingOf(means: SignInMeans, address: string | null, token: string | undefined) {
  return countedLook(means, address, async () => {
    const pending = token ? await means.pendingSignIns.find(token) : null
    if (!token || !pending) throw signInError('auth.sign_in_expired')
    return { ...pending, token }
  })
}

/**
 * Ends a sign-in that waits for its second factor. Wrong ones are counted by user, over all replicas; the attempts on
 * the password are forgotten only now.
 *
 * @throws AppError auth.sign_in_expired, auth.second_factor_wrong, rate.limited
 */
export async function completeSignIn(
  scope: PlatformScope,
  means: SignInMeans,
  proof: FactorProof,
  origin: SignInOrigin,
  tokens: SecondStepTokens,
): Promise<SignedInUser> {
  const { attempts, pendingSignIns, sessionLimits } = means
  const { address } = origin.device
  const { userId, isOf, token } = await pendingOf(means, address, tokens.pending)
  await attempts.count('factor', userId)
  const factors = scope.stores.factorsOf(userId)
  const passkeyContext = { purpose: 'second-factor', token: tokens.passkey } as const
  const accept = await examine(means, factors, scope.clock, proof, passkeyContext)

  const begun = await scope.transaction(async (stores) => {
    const user = await stores.users.find(userId)
    // Disabled, or with another password since the first step: nothing of it counts.
    if (user?.status !== 'active' || !isOf(user.passwordHash)) throw signInError('auth.sign_in_expired')
    if (accept && (await accept(stores.factorsOf(userId))))
      return beginSession({ ...scope, stores }, sessionLimits, userId, origin, {
        method: 'password',
        secondFactor: true,
      })
    const subject = { kind: 'user', id: userId } as const
    await stores.audit.record({ action: 'user.second_factor_refused', subject })
    return null
  })
  if (!begun) throw signInError('auth.second_factor_wrong')
  await pendingSignIns.end(token)
  await Promise.all([
    attempts.forget(begun.user.email ?? userId),
    attempts.forget(userId, 'factor'),
    attempts.takeBack(address ?? 'unknown'),
    ...('passkey' in proof ? [attempts.takeBack(address ?? 'unknown', 'beginning')] : []),
  ])
  return begun
}

/**
 * What to ask the passkeys of whoever is signing in, as their second factor.
 *
 * @throws AppError auth.sign_in_expired, rate.limited
 */
export async function askForSecondFactor(
  scope: PlatformScope,
  means: SignInMeans,
  address: string | null,
  pendingToken: string | undefined,
): Promise<PasskeyQuestion> {
  const { userId } = await pendingOf(means, address, pendingToken)
  await means.attempts.count('beginning', address ?? 'unknown')
  const passkeys = await scope.stores.factorsOf(userId).passkeys.list()
  return means.passkeyCeremonies.ask('second-factor', { userId, passkeys })
}

/**
 * What to ask whatever passkeys a browser has for this portal, to sign in by one of them alone.
 *
 * @throws AppError rate.limited
 */
export async function askForPasskey(
  { attempts, passkeyCeremonies }: Pick<SignInMeans, 'attempts' | 'passkeyCeremonies'>,
  address: string | null,
): Promise<PasskeyQuestion> {
  await attempts.count('beginning', address ?? 'unknown')
  return passkeyCeremonies.ask('sign-in', null)
}

/**
 * Signs a person in by a passkey alone, which is both factors.
 *
 * @param token of the browser's cookie
 * @throws AppError auth.passkey_refused, rate.limited
 */
export async function signInByPasskey(
  scope: PlatformScope,
  { attempts, passkeyCeremonies, sessionLimits }: SignInMeans,
  { passkey: answer }: SignInByPasskey,
  origin: SignInOrigin,
  token: string | undefined,
): Promise<SignedInUser> {
  const address = origin.device.address ?? 'unknown'
  await attempts.count('address', address)
  const challenge = token && (await passkeyCeremonies.challengeOf('sign-in', null, token))
  const userId = challenge && (await scope.stores.passkeyOwners.find(answer.id))
  const passkey = userId && (await scope.stores.factorsOf(userId).passkeys.findByCredentialId(answer.id))
  if (!passkey) throw signInError('auth.passkey_refused')
  const use = await passkeyCeremonies.verify(challenge, { userId, passkey }, answer)

  const begun = await scope.transaction(async (stores) => {
    if (use && (await acceptanceOf(passkey, use)(stores.factorsOf(userId))))
      return beginSession({ ...scope, stores }, sessionLimits, userId, origin, {
        method: 'passkey',
        secondFactor: true,
      })
    const subject = { kind: 'user', id: userId } as const
    await stores.audit.record({ action: 'user.passkey_refused', subject })
    return null
  })
  if (!begun) throw signInError('auth.passkey_refused')
  await Promise.all([attempts.takeBack(address), attempts.takeBack(address, 'beginning')])
  return begun
}

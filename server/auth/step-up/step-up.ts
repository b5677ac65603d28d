import type { FactorProof, StepUp } from '#shared/contracts/second-factor'
import { userError } from '#server/domain/users/users'
import { defineErrors } from '#server/lib/errors'
import type { SessionScope } from '#server/scope'
import { examine } from '../second-factor/examine'
import type { PasskeyQuestion } from '../second-factor/passkey-ceremonies'
import { wrongCode } from '../second-factor/second-factor'
import { secondFactorError } from '../second-factor/second-factor.errors'
import { renewSession, type StartedSession } from '../sessions/sessions'
import type { SignInMeans } from '../sign-in/means'

const stepUpError = defineErrors({
  'auth.step_up_elsewhere': {
    status: 409,
    title: 'You signed in by your organisation’s identity provider: sign in there once more.',
  },
})

/**
 * Proves anew who somebody is, before a change that matters: by a passkey, or by the password, with a second factor
 * where they have one. The session goes on with another token, and is no longer restricted once a factor was shown.
 *
 * @param passkeyToken of the browser's cookie
 * @throws AppError password.wrong, second_factor.needed, second_factor.wrong_code, second_factor.passkey_refused,
 *   rate.limited, user.no_local_password, auth.step_up_elsewhere where the session is the OpenID provider's
 */
export async function stepUp(
  scope: SessionScope,
  means: SignInMeans,
  input: StepUp,
  passkeyToken: string | undefined,
): Promise<StartedSession> {
  const { session, stores, clock } = scope
  const { passwords, attempts } = means
  if (session.method === 'oidc') throw stepUpError('auth.step_up_elsewhere')
  const { id, email, passwordHash } = await stores.self.get()
  const account = email ?? id
  const proof = factorIn(input)
  if ('password' in input) {
    if (!passwordHash) throw userError('user.no_local_password')
    await attempts.count('account', account)
    await passwords.confirm(input.password, passwordHash, 'password')
    if (!proof && (await stores.ownFactors.kinds()).length > 0)
      throw secondFactorError('second_factor.needed')
  }
  if (proof) await attempts.count('factor', id)
  const accept =
    proof && (await examine(means, stores.ownFactors, clock, proof, passkeyContext(passkeyToken)))

  const subject = { kind: 'user', id } as const
  const renewed = await scope.transaction(async ({ ownFactors, ownSessions, audit }) => {
    if (proof && !(accept && (await accept(ownFactors)))) {
      await audit.record({ action: 'user.second_factor_refused', subject })
      return null
    }
    await audit.record({ action: 'user.proven_anew', subject })
    return renewSession(ownSessions, session.id, {
      proven: true,
      ...(proof && { secondFactor: true, restricted: false }),
    })
  })
  if (!renewed) throw refusalOf(input)
  await attempts.forget(id, 'factor')
  if ('password' in input) await attempts.forget(account)
  return renewed
}

const passkeyContext = (token: string | undefined) => ({ purpose: 'step-up', token }) as const

function factorIn(input: StepUp): FactorProof | undefined {
  if ('totp' in input) return { totp: input.totp }
  if ('recovery' in input) return { recovery: input.recovery }
  return 'passkey' in input ? { passkey: input.passkey } : undefined
}

function refusalOf(input: StepUp) {
  if ('passkey' in input) return secondFactorError('second_factor.passkey_refused')
  return wrongCode('totp' in input ? 'totp' : 'recovery')
}

/** What to ask the caller's passkeys. */
export async function askForStepUp(
  scope: SessionScope,
  { passkeyCeremonies }: Pick<SignInMeans, 'passkeyCeremonies'>,
): Promise<PasskeyQuestion> {
  const { userId, passkeys } = scope.stores.ownFactors
  return passkeyCeremonies.ask('step-up', { userId, passkeys: await passkeys.list() })
}

import type { FactorProof } from '#shared/contracts/second-factor'
import type { Clock } from '#server/lib/clock'
import type { FactorsStore } from './factors.store'
import type { PasskeyCeremonies, PasskeyUse, StoredPasskey } from './passkey-ceremonies'
import type { PasskeyPurpose } from './passkey-challenges'
import type { RecoveryCodes } from './recovery-codes'
import type { Totp } from './totp'

/** What second factors are examined with. */
export interface FactorMeans {
  totp: Totp
  recoveryCodes: RecoveryCodes
  passkeyCeremonies: PasskeyCeremonies
}

/**
 * Uses up what was shown, within the transaction of what it is shown for.
 * Of callers at once with the same code or answer, one alone is answered true.
 */
export type Acceptance = (
  factors: Pick<FactorsStore, 'totp' | 'recoveryCodes' | 'passkeys'>,
) => Promise<boolean>

/** Where an answer of a passkey belongs to. */
export interface PasskeyContext {
  purpose: PasskeyPurpose
  /** Of the browser's cookie. */
  token: string | undefined
}

/**
 * Looks at a second factor that somebody shows.
 *
 * @param factors that user's, for reading
 * @returns how to accept it; null where it is not right
 */
export async function examine(
  { totp, recoveryCodes, passkeyCeremonies }: FactorMeans,
  factors: FactorsStore,
  clock: Clock,
  proof: FactorProof,
  { purpose, token }: PasskeyContext,
): Promise<Acceptance | null> {
  const { userId } = factors
  if ('totp' in proof) {
    const factor = await factors.totp.findConfirmed()
    const step = factor && (await totp.stepOf(factor, proof.totp, clock.now()))
    return step === null ? null : (stores) => stores.totp.useStep(factor?.secret ?? '', step)
  }
  if ('recovery' in proof) {
    const hash = recoveryCodes.hash(userId, proof.recovery)
    return (stores) => stores.recoveryCodes.use(hash)
  }
  const challenge = token && (await passkeyCeremonies.challengeOf(purpose, userId, token))
  const passkey = challenge && (await factors.passkeys.findByCredentialId(proof.passkey.id))
  if (!passkey) return null
  const use = await passkeyCeremonies.verify(challenge, { userId, passkey }, proof.passkey)
  return use && acceptanceOf(passkey, use)
}

/** Accepts one use of a passkey, by its count. */
export function acceptanceOf(passkey: StoredPasskey, use: PasskeyUse): Acceptance {
  return ({ passkeys }) => passkeys.noteUse(passkey.id, { ...use, formerCounter: passkey.counter })
}

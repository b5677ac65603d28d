import type { NewPasskeyAnswer, PasskeyAnswer, PasskeyOptions } from '#shared/contracts/passkeys'
import type { PasskeyChallenges, PasskeyPurpose } from './passkey-challenges'

/** A passkey as it is stored. */
export interface StoredPasskey {
  id: string
  credentialId: string
  publicKey: string
  counter: bigint
  transports: unknown
}

/** What a browser is to ask its passkeys, and the token that it shows again with their answer. */
export interface PasskeyQuestion {
  options: PasskeyOptions
  token: string
}

/** What an answer says of a passkey. */
export interface PasskeyUse {
  counter: number
  synced: boolean
}

/**
 * Web Authentication (Level 3) with user verification: who answers holds the key, and has unlocked it, so that a
 * passkey is both factors. Of an answer that does not hold nothing more is told than that.
 */
export interface PasskeyCeremonies {
  /** @param known passkeys that the browser must not make once more */
  register(
    user: { id: string; name: string; displayName: string },
    portalName: string,
    known: StoredPasskey[],
  ): Promise<PasskeyQuestion>
  /** @returns null where the answer does not hold */
  registered(
    userId: string,
    token: string,
    answer: NewPasskeyAnswer,
  ): Promise<
    (PasskeyUse & Pick<StoredPasskey, 'credentialId' | 'publicKey'> & { transports: string[] }) | null
  >
  /** @param of the user and their passkeys; null: whoever has one for this portal */
  ask(
    purpose: Exclude<PasskeyPurpose, 'register'>,
    of: { userId: string; passkeys: StoredPasskey[] } | null,
  ): Promise<PasskeyQuestion>
  /** Takes the challenge that a token stands for. */
  challengeOf(purpose: PasskeyPurpose, userId: string | null, token: string): Promise<string | null>
  /** @returns null where the answer does not hold, also where the passkey's counter went back */
  verify(
    challenge: string,
    owner: { userId: string; passkey: StoredPasskey },
    answer: PasskeyAnswer,
  ): Promise<PasskeyUse | null>
}

/** The library is large, and needed only where somebody has a passkey. */
const library = () => import('@simplewebauthn/server')

const bytesOf = (base64url: string) => new Uint8Array(Buffer.from(base64url, 'base64url'))
const textOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url')
const transportsOf = ({ transports }: Pick<StoredPasskey, 'transports'>) =>
  Array.isArray(transports) ? transports.filter((one) => typeof one === 'string') : []
const described = (passkeys: StoredPasskey[]) =>
  passkeys.map((passkey) => ({ id: passkey.credentialId, transports: transportsOf(passkey) }))

/** @param publicUrl whose host passkeys belong to, and whose origin alone may use them */
export function createPasskeyCeremonies(publicUrl: string, challenges: PasskeyChallenges): PasskeyCeremonies {
  const { origin, hostname: rpID } = new URL(publicUrl)
  const expected = { expectedOrigin: origin, expectedRPID: rpID, requireUserVerification: true }

  return {
    async register(user, portalName, known) {
      const { generateRegistrationOptions } = await library()
      const options = await generateRegistrationOptions({
        rpName: portalName,
        rpID,
        userID: new TextEncoder().encode(user.id),
        userName: user.name,
        userDisplayName: user.displayName,
        attestationType: 'none',
        excludeCredentials: described(known),
        authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
      })
      return {
        options: { ...options },
        token: await challenges.keep('register', user.id, options.challenge),
      }
    },

    async registered(userId, token, answer) {
      const challenge = await challenges.take('register', userId, token)
      if (!challenge) return null
      const { verifyRegistrationResponse } = await library()
      const { registrationInfo } = await verifyRegistrationResponse({
        response: answer,
        expectedChallenge: challenge,
        ...expected,
      }).catch(refused)
      if (!registrationInfo) return null
      const { credential, credentialBackedUp } = registrationInfo
      return {
        credentialId: credential.id,
        publicKey: textOf(credential.publicKey),
        counter: credential.counter,
        transports: answer.response.transports,
        synced: credentialBackedUp,
      }
    },

    async ask(purpose, of) {
      const { generateAuthenticationOptions } = await library()
      const options = await generateAuthenticationOptions({
        rpID,
        userVerification: 'required',
        ...(of && { allowCredentials: described(of.passkeys) }),
      })
      return {
        options: { ...options },
        token: await challenges.keep(purpose, of?.userId ?? null, options.challenge),
      }
    },

    challengeOf: challenges.take,

    async verify(challenge, { userId, passkey }, answer) {
      const { userHandle } = answer.response
      if (userHandle !== undefined && Buffer.from(userHandle, 'base64url').toString() !== userId) return null
      const { verifyAuthenticationResponse } = await library()
      const { verified, authenticationInfo } = await verifyAuthenticationResponse({
        response: answer,
        expectedChallenge: challenge,
        ...expected,
        credential: {
          id: passkey.credentialId,
          publicKey: bytesOf(passkey.publicKey),
          counter: Number(passkey.counter),
          transports: transportsOf(passkey),
        },
      }).catch(refused)
      if (!verified || !authenticationInfo) return null
      return { counter: authenticationInfo.newCounter, synced: authenticationInfo.credentialBackedUp }
    },
  }
}

/** The library throws for everything that does not hold: forged, foreign, malformed, or a counter that went back. */
function refused(): { verified: false; registrationInfo?: undefined; authenticationInfo?: undefined } {
  return { verified: false }
}

import {
  browserSupportsWebAuthn,
  browserSupportsWebAuthnAutofill,
  startAuthentication,
  startRegistration,
} from '@simplewebauthn/browser'
import type { NewPasskeyAnswer, PasskeyAnswer, PasskeyOptions } from '#shared/contracts/passkeys'

type AskedOptions = Parameters<typeof startAuthentication>[0]['optionsJSON']
type MadeOptions = Parameters<typeof startRegistration>[0]['optionsJSON']

/** Whether this browser knows passkeys at all: on the portal's own https address, or on localhost. */
export const knowsPasskeys = () => import.meta.client && browserSupportsWebAuthn()

/** Whether it offers them in the field of the e-mail address. */
export const offersPasskeysInFields = () => browserSupportsWebAuthnAutofill()

/**
 * Has the browser ask for one of its passkeys. A later call takes the place of an earlier one.
 *
 * @param inFields waits until one is chosen from what the browser offers in the form's field
 * @throws an error with a Failure in `data` where none was used
 */
export async function askPasskey(options: PasskeyOptions, inFields = false): Promise<PasskeyAnswer> {
  // The contract passes on what the server's library wrote for the browser's.
  const optionsJSON = options as unknown as AskedOptions
  const answer = await startAuthentication({ optionsJSON, useBrowserAutofill: inFields }).catch(notUsed)
  return { ...answer, clientExtensionResults: {} }
}

/** Has the browser make a passkey. @throws as above */
export async function makePasskey(options: PasskeyOptions): Promise<NewPasskeyAnswer> {
  const made = await startRegistration({ optionsJSON: options as unknown as MadeOptions }).catch(notUsed)
  const { clientDataJSON, attestationObject, transports = [] } = made.response
  return { ...made, clientExtensionResults: {}, response: { clientDataJSON, attestationObject, transports } }
}

function notUsed(cause: unknown): never {
  const isKnown = cause instanceof Error && cause.name === 'InvalidStateError'
  const failure: Failure = isKnown
    ? { status: 409, code: 'passkey.known', title: 'This device has a passkey for your account already' }
    : {
        status: 400,
        code: 'passkey.not_used',
        title: 'No passkey was used',
        detail: 'The browser’s dialog was closed, or it found no passkey for this portal. You can try again.',
      }
  throw Object.assign(new Error(failure.title, { cause }), { data: failure })
}

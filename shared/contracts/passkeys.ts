import { z } from 'zod'
import { DisplayName, Id, Timestamp } from './common'

/** Bytes in base64url, at most so many characters. */
const bytes = (most: number) => z.base64url().min(1).max(most)

/** What the browser adds of its own is dropped. */
const credential = {
  /** Credential ids have at most 1,023 bytes (Web Authentication Level 3, section 4). */
  id: bytes(1_364),
  rawId: bytes(1_364),
  type: z.literal('public-key'),
  clientExtensionResults: z.object({}).default({}),
}

/** A passkey's signature over a challenge: AuthenticationResponseJSON of Web Authentication Level 3. */
export const PasskeyAnswer = z.object({
  ...credential,
  response: z.object({
    clientDataJSON: bytes(8_192),
    authenticatorData: bytes(8_192),
    signature: bytes(8_192),
    userHandle: bytes(128).optional(),
  }),
})
export type PasskeyAnswer = z.output<typeof PasskeyAnswer>

/** A passkey that was just made: RegistrationResponseJSON of Web Authentication Level 3. */
export const NewPasskeyAnswer = z.object({
  ...credential,
  response: z.object({
    clientDataJSON: bytes(8_192),
    attestationObject: bytes(65_536),
    transports: z
      .array(z.string().regex(/^[a-z-]{1,20}$/))
      .max(10)
      .default([]),
  }),
})
export type NewPasskeyAnswer = z.output<typeof NewPasskeyAnswer>

/** Options for the browser's `navigator.credentials`, as JSON; passed on as they are. */
export const PasskeyOptions = z.looseObject({ challenge: z.string() })
export type PasskeyOptions = z.output<typeof PasskeyOptions>

export const SignInByPasskey = z.strictObject({ passkey: PasskeyAnswer })
export type SignInByPasskey = z.output<typeof SignInByPasskey>

export const RegisterPasskey = z.strictObject({ name: DisplayName, passkey: NewPasskeyAnswer })
export type RegisterPasskey = z.output<typeof RegisterPasskey>

export const RenamePasskey = z.strictObject({ name: DisplayName })
export type RenamePasskey = z.output<typeof RenamePasskey>

/** One of a person's passkeys. */
export const Passkey = z.object({
  id: Id,
  name: z.string(),
  /** Whether it can be on several devices, and is. */
  synced: z.boolean(),
  createdAt: Timestamp,
  lastUsedAt: Timestamp.nullable(),
})
export type Passkey = z.output<typeof Passkey>

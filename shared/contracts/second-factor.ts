import { z } from 'zod'
import { Timestamp } from './common'
import { Passkey, PasskeyAnswer } from './passkeys'
import { User, passwordMaxBytes } from './users'

/** Whom an operator can ask a second factor of. */
export const AskedOf = z.enum(['operator', 'owner', 'admin', 'member'])
export type AskedOf = z.output<typeof AskedOf>

/** What can be a second factor; a recovery code stands in for one that is lost. */
export const FactorKind = z.enum(['totp', 'passkey', 'recovery'])
export type FactorKind = z.output<typeof FactorKind>

/** A one-time code of an app; people type it in groups. */
export const TotpCode = z
  .string()
  .max(20)
  .transform((text) => text.replace(/\s/g, ''))
  .pipe(z.string().regex(/^\d{6}$/, 'A code has six digits.'))

/** A recovery code as somebody types it, whatever its case and hyphens. */
export const RecoveryCode = z.string().trim().min(1, 'Enter a recovery code.').max(40)

/** A second factor, shown by one of its kinds. */
export const FactorProof = z.union([
  z.strictObject({ totp: TotpCode }),
  z.strictObject({ recovery: RecoveryCode }),
  z.strictObject({ passkey: PasskeyAnswer }),
])
export type FactorProof = z.output<typeof FactorProof>

/** The password was right, and a second factor is wanted; the sign-in that waits is in a cookie. */
export const SecondFactorWanted = z.object({ secondFactor: z.array(FactorKind) })
/** What login answers: with a session, or without one yet. */
export const LoginAnswer = z.union([z.object({ user: User }), SecondFactorWanted])
export type LoginAnswer = z.output<typeof LoginAnswer>

const password = z.string().min(1, 'Enter your password.').max(passwordMaxBytes)

/** Proves anew who somebody is: by a passkey, or by password with a second factor where they have one. */
export const StepUp = z.union([
  z.strictObject({ passkey: PasskeyAnswer }),
  z.strictObject({ password }),
  z.strictObject({ password, totp: TotpCode }),
  z.strictObject({ password, recovery: RecoveryCode }),
])
export type StepUp = z.output<typeof StepUp>

/** What a person's second step consists of. */
export const SecondFactors = z.object({
  /** Whether they have a local password, which a second factor goes with. */
  withPassword: z.boolean(),
  /** Whether an operator asks them for one. */
  required: z.boolean(),
  totp: z.object({ confirmedAt: Timestamp }).nullable(),
  /** At most 20, oldest first. */
  passkeys: z.array(Passkey),
  recoveryCodesLeft: z.int(),
})
export type SecondFactors = z.output<typeof SecondFactors>

/** An app to be set up; nothing counts before its first code. */
export const TotpSetup = z.object({
  /** Base32, to be typed where no picture can be taken. */
  secret: z.string(),
  /** `otpauth://totp/…` */
  uri: z.string(),
  /** The same as a QR code: a `data:` address of an SVG. */
  qr: z.string(),
})
export type TotpSetup = z.output<typeof TotpSetup>

export const ConfirmTotp = z.strictObject({ code: TotpCode })
export type ConfirmTotp = z.output<typeof ConfirmTotp>

/** Shown this once; null where the person has codes from before. */
export const NewRecoveryCodes = z.object({ recoveryCodes: z.array(z.string()).nullable() })
export type NewRecoveryCodes = z.output<typeof NewRecoveryCodes>

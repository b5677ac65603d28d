import { z } from 'zod'
import { Issuer } from './issuer'
import { SettingSource } from './settings'

const sourced = <Schema extends z.ZodType>(value: Schema) => z.object({ value, source: SettingSource })

/** How people sign in, each value with its source. */
export const SignInSettings = z.object({
  issuer: sourced(z.string().nullable()),
  clientId: sourced(z.string().nullable()),
  /** Whether there is one; it is never shown. */
  clientSecret: sourced(z.boolean()),
  scopes: sourced(z.array(z.string())),
  groupsClaim: sourced(z.string()),
  operatorGroup: sourced(z.string()),
  linkByEmail: sourced(z.boolean()),
  /** Whether people may sign in by password or passkey. */
  localSignIn: sourced(z.boolean()),
  /** Whether it can be switched off: an operator has an identity at this provider. */
  canSwitchLocalOff: z.boolean(),
  /** To be registered at the provider. */
  redirectUri: z.string(),
})
export type SignInSettings = z.output<typeof SignInSettings>

const scope = z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, 'must be words of ASCII')
const text = z.string().trim().min(1).max(200)

/** What is absent stays; null goes back to the default. */
export const UpdateSignInSettings = z.strictObject({
  issuer: Issuer.nullish(),
  clientId: text.nullish(),
  clientSecret: z.string().min(1).max(1000).nullish(),
  scopes: z
    .array(scope)
    .max(50)
    .refine((scopes) => scopes.includes('openid'), 'must include openid')
    .nullish(),
  groupsClaim: text.nullish(),
  operatorGroup: text.nullish(),
  linkByEmail: z.boolean().nullish(),
  localSignIn: z.boolean().optional(),
})
export type UpdateSignInSettings = z.output<typeof UpdateSignInSettings>

/** Absent: the provider that is configured. */
export const TestProvider = z.strictObject({ issuer: Issuer.optional() })

export const ProviderTest = z.object({
  /** Whether it described itself as it has to. */
  ok: z.boolean(),
  /** What is wrong, or what was found, in words for an operator. */
  words: z.string(),
})
export type ProviderTest = z.output<typeof ProviderTest>

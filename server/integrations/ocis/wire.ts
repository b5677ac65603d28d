import { z } from 'zod'

/**
 * What we read of LibreGraph's answers (`contract/`). Go leaves out what is empty, and some answers hold `null` for
 * it, so that absent, null and empty are one.
 */
const text = z
  .string()
  .nullish()
  .transform((value) => value ?? '')

/** A space (`drive`). */
export const Drive = z.object({
  id: z.string().min(1),
  name: z.string(),
  description: text,
  driveType: text,
  /** In bytes. A total of 0 is none at all; of a disabled space `used` is not told. */
  quota: z.object({ total: z.int().nullish(), used: z.int().nullish() }).nullish(),
  /** `deleted` is there while the space is disabled. */
  root: z.object({ deleted: z.object({ state: text }).nullish() }).nullish(),
})
export type Drive = z.output<typeof Drive>

/** Somebody's account (`user`). */
export const User = z.object({
  id: z.string().min(1),
  displayName: text,
  /** This and the username are left out where the caller may not see them. */
  mail: text,
  onPremisesSamAccountName: text,
  /** `Member`, `Guest`, or `Federated` for somebody of another server. */
  userType: text,
})
export type User = z.output<typeof User>

const Identity = z.object({ id: text, displayName: text, '@libre.graph.userType': text }).nullish()

/** Who may do what in a space (`permission`). Exactly one of user, group and link is there. */
export const Permission = z.object({
  id: z.string().min(1),
  /** Empty where the permission is made of single actions. */
  roles: z
    .array(z.string())
    .nullish()
    .transform((value) => value ?? []),
  grantedToV2: z.object({ user: Identity, group: Identity }).nullish(),
})
export type Permission = z.output<typeof Permission>

/** A listing; a server that found nothing says so with `null`, `{}` or an empty array. */
const collection = <Item extends z.ZodType>(item: Item) =>
  z
    .object({ value: z.array(item).nullish(), '@odata.nextLink': text })
    .nullable()
    .transform((body) => ({ value: body?.value ?? [], next: body?.['@odata.nextLink'] || null }))

export const DrivePage = collection(Drive)
export const UserPage = collection(User)
export const PermissionPage = collection(Permission)

/** 204: no body. */
export const Nothing = z.undefined()

/** An app token, as the service auth-app shows it once. */
export const AppToken = z.object({ token: z.string().regex(/^[\x21-\x7e]{8,}$/) })

/** RFC 6749 section 5.1. */
export const IssuedToken = z.object({
  access_token: z.string().regex(/^[\x21-\x7e]+$/),
  token_type: z.string().regex(/^bearer$/i),
  expires_in: z.number().positive().optional(),
})

/** `{ error: { code, message } }` (`odata.error`): what was said. */
export const GraphRefusal = z
  .object({ error: z.object({ code: z.string(), message: z.string() }) })
  .transform(({ error }) => ({ said: [error.code, error.message].filter(Boolean).join(': ') }))

/** `{ error, error_description? }` (RFC 6749 section 5.2): what was said. */
export const IssuerRefusal = z
  .object({ error: z.string(), error_description: z.string().optional() })
  .transform(({ error, error_description: more }) => ({ said: more ? `${error}: ${more}` : error }))

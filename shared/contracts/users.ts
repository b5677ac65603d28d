import { z } from 'zod'
import { DisplayName, Email, Id, PageQuery, pageOf, SearchText, Timestamp } from './common'
import { MembershipSource } from './members'
import { TenantRole, TenantStatus } from './tenants'

export const PlatformRole = z.enum(['user', 'operator'])
export type PlatformRole = z.output<typeof PlatformRole>

export const UserStatus = z.enum(['active', 'disabled', 'deleted'])

/** BCP 47 language tag, such as `de` or `pt-BR`. */
export const Locale = z
  .string()
  .regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, 'This is not a language tag.')
  .max(35)

/** Longest password in bytes of UTF-8: what argon2 is made to work through. */
export const passwordMaxBytes = 1024
/** Shortest password in characters. */
export const passwordMinLength = 12

/** A password as it is chosen: 12 characters to 1,024 bytes. Whether it is weak is judged by the server. */
export const NewPassword = z
  .string()
  .refine(
    (text) => [...text].length >= passwordMinLength,
    `A password has at least ${passwordMinLength} characters.`,
  )
  .refine(
    (text) => new TextEncoder().encode(text).length <= passwordMaxBytes,
    `A password has at most ${passwordMaxBytes} bytes.`,
  )

export const User = z.object({
  id: Id,
  /** Null where the OpenID provider tells none. */
  email: z.string().nullable(),
  name: z.string(),
  locale: z.string().nullable(),
  platformRole: PlatformRole,
  status: UserStatus,
  lastLoginAt: Timestamp.nullable(),
  createdAt: Timestamp,
})
export type User = z.output<typeof User>

export const UserPage = pageOf(User)

/** A user as operators see them. */
export const UserDetails = User.extend({
  /** `idp`: the provider's group made them what they are. */
  roleSource: z.enum(['manual', 'idp']),
  /** Whether they can sign in with a password of this portal. */
  hasPassword: z.boolean(),
  /** Whether a second factor is asked for when they do. */
  hasSecondFactor: z.boolean(),
})
export type UserDetails = z.output<typeof UserDetails>

/** Somebody's membership, as operators see it. */
export const UserMembership = z.object({
  id: Id,
  tenant: z.object({ slug: z.string(), name: z.string(), status: TenantStatus }),
  role: TenantRole,
  source: MembershipSource,
  createdAt: Timestamp,
})
export type UserMembership = z.output<typeof UserMembership>
export const UserMembershipPage = pageOf(UserMembership)

/** Somebody as an OpenID provider knows them, as operators see it. */
export const UserIdentity = z.object({
  id: Id,
  issuer: z.string(),
  subject: z.string(),
  /** As the provider last claimed it. */
  email: z.string().nullable(),
  emailVerified: z.boolean(),
  createdAt: Timestamp,
  lastUsedAt: Timestamp,
})
export type UserIdentity = z.output<typeof UserIdentity>
export const UserIdentityPage = pageOf(UserIdentity)

/** Operator's list of users; `search` looks at the start of e-mail and name. */
export const UserQuery = PageQuery.extend({ search: SearchText })

/** With a password the person can sign in at once (standalone mode). */
export const CreateUser = z.strictObject({
  email: Email,
  name: DisplayName,
  password: NewPassword.optional(),
  platformRole: PlatformRole.optional(),
})
export type CreateUser = z.output<typeof CreateUser>

/** What an operator changes of a user. */
export const UpdateUser = z.strictObject({
  name: DisplayName.optional(),
  locale: Locale.nullable().optional(),
  platformRole: PlatformRole.optional(),
  status: z.enum(['active', 'disabled']).optional(),
})
export type UpdateUser = z.output<typeof UpdateUser>

/** What a person changes of their own. */
export const UpdateProfile = z.strictObject({
  name: DisplayName.optional(),
  locale: Locale.nullable().optional(),
})
export type UpdateProfile = z.output<typeof UpdateProfile>

export const ChangePassword = z.strictObject({
  currentPassword: z.string().min(1).max(passwordMaxBytes),
  newPassword: NewPassword,
})
export type ChangePassword = z.output<typeof ChangePassword>

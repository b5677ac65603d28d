import { z } from 'zod'
import { AuthMode, comparableAddress, DisplayName, Email, Id, pageOf, Timestamp } from './common'
import { Slug } from './slugs'
import { NewPassword, passwordMaxBytes, User } from './users'

/** Whether the portal still waits for its first operator. */
export const SetupState = z.object({ needed: z.boolean() })

/** What the set-up wizard sends, once: the first operator, the portal's name, and a first tenant if wanted. */
export const Setup = z.strictObject({
  name: DisplayName,
  email: Email,
  password: NewPassword,
  portalName: DisplayName.optional(),
  tenant: z.strictObject({ slug: Slug, name: DisplayName }).optional(),
})
export type Setup = z.output<typeof Setup>

/** What login and set-up answer; the session itself is in the cookie. */
export const SignedIn = z.object({ user: User })

/** No form is checked beyond its bounds: a wrong e-mail must answer like a wrong password. */
export const Login = z.strictObject({
  email: z.string().overwrite(comparableAddress).min(1).max(254),
  password: z.string().min(1).max(passwordMaxBytes),
})
export type Login = z.output<typeof Login>

/** How somebody proved who they are. */
export const SignInMethod = z.enum(['password', 'passkey', 'oidc'])

/** Who the caller is. */
export const CurrentSession = z.object({
  user: User,
  authMode: AuthMode,
  /** How they signed in; null: not by a session of the portal. */
  method: SignInMethod.nullable(),
  /** Nothing is allowed but to set up the second factor that is asked of them. */
  restricted: z.boolean(),
})
export type CurrentSession = z.output<typeof CurrentSession>

/** One of the caller's own sessions. */
export const Session = z.object({
  id: Id,
  /** The one that asks. */
  current: z.boolean(),
  /** What the browser calls itself, cut to 256 characters. */
  userAgent: z.string().nullable(),
  address: z.string().nullable(),
  /** How the person proved who they are. */
  method: z.enum(['password', 'passkey', 'oidc']),
  /** Whether a second factor was part of it. */
  secondFactor: z.boolean(),
  createdAt: Timestamp,
  lastSeenAt: Timestamp,
  /** The absolute limit, whatever is done with it. */
  expiresAt: Timestamp,
})
export type Session = z.output<typeof Session>
export const SessionPage = pageOf(Session)

/** Asks for a mail by which a forgotten password is replaced. */
export const ForgotPassword = z.strictObject({ email: Login.shape.email })
export type ForgotPassword = z.output<typeof ForgotPassword>

/** Replaces a forgotten password, with the token of that mail. */
export const ResetPassword = z.strictObject({ token: z.string().min(1).max(100), password: NewPassword })
export type ResetPassword = z.output<typeof ResetPassword>

import { z } from 'zod'
import { AuthMode } from './common'
import { ServiceName } from './provisioning'
import { Subscription } from './subscriptions'
import { Tenant } from './tenants'
import { User } from './users'

/** What the portal's home needs, in one call: the newest 200 tenants that the caller is a member of. */
export const Me = z.object({
  user: User,
  tenants: z.array(Tenant),
  subscriptions: z.array(Subscription),
  /** The services that exist, for the launcher. */
  services: z.array(z.object({ service: ServiceName, url: z.string() })),
})
export type Me = z.output<typeof Me>

/** What a page may know before anyone signed in. */
export const PortalInfo = z.object({
  name: z.string(),
  authMode: AuthMode,
  setupNeeded: z.boolean(),
  /** How people sign in: by password or passkey, at the OpenID provider of this name. */
  signIn: z.object({ local: z.boolean(), provider: z.string().nullable() }),
  /** Whether a forgotten password can be replaced by mail. */
  passwordReset: z.boolean(),
})
export type PortalInfo = z.output<typeof PortalInfo>

export const Health = z.object({ status: z.literal('ok'), version: z.string(), authMode: AuthMode })

const Check = z.enum(['ok', 'failed', 'off'])
export const Readiness = z.object({
  status: z.enum(['ok', 'failed']),
  checks: z.object({ database: Check, cache: Check, vault: Check, queue: Check }),
})
export type Readiness = z.output<typeof Readiness>

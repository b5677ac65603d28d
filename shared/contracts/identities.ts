import { z } from 'zod'
import { Id, Timestamp } from './common'

/** A person as an OpenID provider knows them, by which they can sign in. */
export const LinkedIdentity = z.object({
  id: Id,
  issuer: z.string(),
  subject: z.string(),
  email: z.string().nullable(),
  createdAt: Timestamp,
  lastUsedAt: Timestamp,
  /** Without it they could not sign in any more. */
  isOnlyWayIn: z.boolean(),
})
export type LinkedIdentity = z.output<typeof LinkedIdentity>

/** All of them; at most 100. */
export const LinkedIdentities = z.object({ items: z.array(LinkedIdentity), nextCursor: z.null() })

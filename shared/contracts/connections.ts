import { z } from 'zod'
import { Id, Timestamp } from './common'

export const ConnectedService = z.enum(['authentik', 'stalwart', 'ocis'])
export type ConnectedService = z.output<typeof ConnectedService>

const Address = z
  .url({ protocol: /^https?$/ })
  .max(500)
  .refine((text) => {
    const { username, password, search, hash } = new URL(text)
    return !username && !password && !search && !hash
  }, 'An address has no user, password, query or fragment.')

const Secret = z
  .string()
  .min(1)
  .max(4096)
  .regex(/^[\x21-\x7e]+$/, 'A secret is one word of ASCII.')

/** How Tenantry signs in there; never answered back. */
export const ConnectionCredential = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('token'), token: Secret }),
  z.strictObject({
    kind: z.literal('client'),
    clientId: z.string().min(1).max(200),
    clientSecret: Secret,
    tokenUrl: Address,
  }),
])

/** A tenant's own connection to a service, in place of the platform's. Without `credential` the one that is there stays. */
export const PutConnection = z.strictObject({ apiUrl: Address, credential: ConnectionCredential.optional() })
export type PutConnection = z.output<typeof PutConnection>

export const Connection = z.object({
  id: Id,
  service: ConnectedService,
  apiUrl: z.string(),
  /** What of the credential is no secret. */
  credential: z.object({
    kind: z.enum(['token', 'client']),
    clientId: z.string().nullable(),
    tokenUrl: z.string().nullable(),
  }),
  testedAt: Timestamp.nullable(),
  testError: z.string().nullable(),
  createdAt: Timestamp,
  updatedAt: Timestamp,
})
export const Connections = z.object({ items: z.array(Connection), nextCursor: z.null() })

/** What came back when the service was called. */
export const ConnectionTest = z.object({
  ok: z.boolean(),
  /** Such as the service's version, or its refusal in words. */
  message: z.string(),
  milliseconds: z.number().int(),
})

import { z } from 'zod'
import { Id, Timestamp } from './common'

export const ConnectedService = z.enum(['authentik', 'stalwart', 'ocis'])
export type ConnectedService = z.output<typeof ConnectedService>

const Address = z
  .url({ protocol: /^https?$/, error: 'An address begins with https:// or http://.' })
  .max(500)
  .refine((text) => {
    // What is no URL at all has its own fault.
    if (!URL.canParse(text)) return true
    const { username, password, search, hash } = new URL(text)
    return !username && !password && !search && !hash
  }, 'An address has no user, password, query or fragment.')

const Secret = z
  .string()
  .min(1)
  .max(4096)
  .regex(/^[\x21-\x7e]+$/, 'A secret is one word of ASCII.')

/**
 * How Tenantry signs in there; never answered back. Authentik and Stalwart take a token, of Stalwart `user:password` too;
 * OCIS a client, or a token of the form `user:token`.
 */
export const ConnectionCredential = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('token'), token: Secret }),
  z.strictObject({
    kind: z.literal('client'),
    clientId: z.string().min(1).max(200),
    clientSecret: Secret,
    tokenUrl: Address,
  }),
])
export type ConnectionCredential = z.output<typeof ConnectionCredential>

/** A tenant's own connection to a service, in place of the platform's. Without `credential` the one that is there stays, at the same address. */
export const PutConnection = z.strictObject({ apiUrl: Address, credential: ConnectionCredential.optional() })
export type PutConnection = z.output<typeof PutConnection>

/** Another than what is stored; nothing: just that. Another address wants its credential. */
export const TestConnection = z.strictObject({
  apiUrl: Address.optional(),
  credential: ConnectionCredential.optional(),
})
export type TestConnection = z.output<typeof TestConnection>

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

/**
 * Where the tenant was provisioned before: what is there stays, and nobody looks after it any more. It is told until the
 * tenant comes back, or somebody says that they have seen to it.
 */
export const FormerConnection = z.object({
  id: Id,
  service: ConnectedService,
  /** Null: the platform's own service. */
  apiUrl: z.string().nullable(),
  /** How many things, such as mailboxes or spaces, were on record there. */
  things: z.number().int(),
  leftAt: Timestamp,
})
export const Connections = z.object({
  items: z.array(Connection),
  /** The latest first, 50 at most. */
  former: z.array(FormerConnection),
  nextCursor: z.null(),
})

/** What came back when the service was called. */
export const ConnectionTest = z.object({
  ok: z.boolean(),
  /** What it lets be read, or its refusal in words. */
  message: z.string(),
  /** As the service tells it of itself; null where it tells none, or in another form than numbers with dots. */
  version: z.string().nullable(),
  milliseconds: z.number().int(),
})

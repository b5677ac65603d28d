import { z } from 'zod'
import { Id, PageQuery, pageOf, Timestamp } from './common'

/** A vault's name within its tenant. */
export const VaultHandle = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, 'A vault has lower case letters, digits and hyphens.')

/** The vault of what Tenantry signs in with at the tenant's own services. Nobody reaches it as a vault. */
export const connectionsHandle = 'integrations'

/** `isDefault`: the caller's own, where a machine asks, else the tenant's. */
export const Vault = z.object({ id: Id, handle: z.string(), isDefault: z.boolean(), createdAt: Timestamp })
export type Vault = z.output<typeof Vault>
export const VaultPage = pageOf(Vault)
export const CreateVault = z.strictObject({ handle: VaultHandle })

/** A service or a name within a vault's key: no colon, no wildcard. */
export const SecretSegment = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9._-]{0,63}$/,
    'It has 1 to 64 lower case letters, digits, dots, underscores and hyphens, and begins with a letter or digit.',
  )

/** Most bytes of UTF-8 that a value may have. */
export const secretMaxBytes = 65_536
/** So many versions of a value are kept. */
export const keptVersions = 10

export const SecretValue = z
  .string()
  .refine(
    (text) => new TextEncoder().encode(text).length <= secretMaxBytes,
    `A value has at most ${secretMaxBytes} bytes.`,
  )

export const PutSecret = z.strictObject({ value: SecretValue, note: z.string().trim().max(200).optional() })
export type PutSecret = z.output<typeof PutSecret>

/** Never with its value. */
export const SecretEntry = z.object({
  service: z.string(),
  name: z.string(),
  version: z.number().int(),
  updatedAt: Timestamp,
})
export type SecretEntry = z.output<typeof SecretEntry>
export const SecretEntryPage = pageOf(SecretEntry)
/** `prefix`: the start of `service/name`. */
export const SecretQuery = PageQuery.extend({
  prefix: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{0,63}(?:\/[a-z0-9._-]{0,64})?$/, 'This is no start of service/name.')
    .optional(),
})

export const Secret = SecretEntry.extend({ value: z.string(), note: z.string().nullable() })

/** Why somebody wants to see a value; written down. The portal asks for it. */
export const RevealQuery = z.object({ reason: z.string().trim().min(3).max(200).optional() })

export const SecretVersion = z.object({
  version: z.number().int(),
  updatedAt: Timestamp,
  note: z.string().nullable(),
  isCurrent: z.boolean(),
})
export const SecretVersions = z.object({ items: z.array(SecretVersion), nextCursor: z.null() })

/** Whom a vault is open to beside owners and admins. `userId` is null for a service of the tenant. */
export const VaultBinding = z.object({
  principalId: Id,
  userId: Id.nullable(),
  name: z.string(),
  createdAt: Timestamp,
})
export const VaultBindingPage = pageOf(VaultBinding)
export const VaultQuery = PageQuery

/** What `check` found; of what is broken at most 100 are named. */
export const VaultCheck = z.object({
  checked: z.number().int(),
  broken: z.array(
    z.object({ service: z.string(), name: z.string(), version: z.number().int(), reason: z.string() }),
  ),
})

/** Seconds: from a minute to a day. */
export const LeaseTtl = z.number().int().min(60).max(86_400)

/** A secret of the vault for a time, or a token that is minted at a service for it. */
export const AskLease = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('secret'),
    service: SecretSegment,
    name: SecretSegment,
    ttlSeconds: LeaseTtl,
    purpose: z.string().trim().min(3).max(200),
  }),
  z.strictObject({
    kind: z.literal('minted'),
    service: z.enum(['authentik', 'ocis']),
    ttlSeconds: LeaseTtl,
    purpose: z.string().trim().min(3).max(200),
  }),
])
export type AskLease = z.output<typeof AskLease>

export const LeaseStatus = z.enum(['active', 'expired', 'revoked'])
export type LeaseStatus = z.output<typeof LeaseStatus>
export const Lease = z.object({
  id: Id,
  kind: z.enum(['secret', 'minted']),
  service: z.string(),
  name: z.string(),
  purpose: z.string(),
  status: LeaseStatus,
  /** Who asked for it: a machine's handle or a token's name. */
  askedBy: z.string(),
  createdAt: Timestamp,
  expiresAt: Timestamp,
  endsLatest: Timestamp,
  lastReadAt: Timestamp.nullable(),
  endedAt: Timestamp.nullable(),
  /** Why it ended before its time. */
  endReason: z.string().nullable(),
  /** Of a minted token: whether it is known to be revoked at the service. */
  settled: z.boolean(),
  /** Of a minted token: the address of the tenant's own service that it is of; null: the platform's. */
  place: z.string().nullable(),
  /** Of a minted token: the username that goes with it. */
  account: z.string().nullable(),
  /** Why it could not be revoked the last time. */
  trouble: z.string().nullable(),
  /** Since when the service is not asked any more: it was not reached until long after the token ended by itself. */
  givenUpAt: Timestamp.nullable(),
})
export type Lease = z.output<typeof Lease>
/** As it is granted: with the token that was minted for it, which is never given again; it is used with `account`. */
export const GrantedLease = Lease.extend({ token: z.string().optional() })
export const LeasePage = pageOf(Lease)
export const LeaseQuery = PageQuery.extend({ status: LeaseStatus.optional() })
export const RenewLease = z.strictObject({ ttlSeconds: LeaseTtl })
/** What a lease lets read, as long as it lasts. */
export const LeasedSecret = z.object({ leaseId: Id, expiresAt: Timestamp, value: z.string() })

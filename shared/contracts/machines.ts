import { z } from 'zod'
import { DisplayName, Id, PageQuery, pageOf, Timestamp } from './common'
import { TenantRole } from './tenants'

/** Name of a machine on the whole platform: 1 to 63 of lower case letters, digits and hyphens. */
export const Handle = z
  .string()
  .regex(
    /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/,
    'A handle has lower case letters, digits and hyphens within.',
  )

/** did:key of an Ed25519 public key: base58btc of 0xED 0x01 and the 32 bytes (did:key method, section 3.1). */
export const Did = z
  .string()
  .regex(/^did:key:z6Mk[1-9A-HJ-NP-Za-km-z]{40,46}$/, 'This is not an Ed25519 did:key.')

/**
 * What a machine or a token may do, of all that its principal's role allows: permissions of the tenant, and of the
 * vaults that it reaches.
 */
export const MachineScope = z.enum([
  'tenant:read',
  'tenant:update',
  'members:read',
  'members:manage',
  'members:invite',
  'receipts:read',
  'invitations:read',
  'domains:read',
  'domains:manage',
  'provisioning:read',
  'provisioning:reconcile',
  'subscription:read',
  'audit:read',
  'machines:read',
  'vaults:read',
  'secrets:list',
  'secrets:read',
  'secrets:write',
  'secrets:lease',
])
export type MachineScope = z.output<typeof MachineScope>
export const MachineScopes = z.array(MachineScope).min(1).max(MachineScope.options.length)

export const IdentityStatus = z.enum(['pending', 'claimed', 'rejected', 'revoked'])
export type IdentityStatus = z.output<typeof IdentityStatus>

/** Signed with the key that `did` names. */
export const RegisterIdentity = z.strictObject({ handle: Handle, did: Did })
export type RegisterIdentity = z.output<typeof RegisterIdentity>

export const BoundVault = z.object({ id: Id, handle: z.string(), isDefault: z.boolean() })
export type BoundVault = z.output<typeof BoundVault>

/** `claimUrl`: where an owner or admin of a tenant confirms it within `claimExpiresAt`; absent where there is nothing to confirm. */
export const RegisteredIdentity = z.object({
  handle: z.string(),
  status: IdentityStatus,
  claimUrl: z.url().optional(),
  claimExpiresAt: Timestamp.optional(),
})

/** What an identity sees of itself. */
export const IdentityState = z.object({
  handle: z.string(),
  did: z.string(),
  status: IdentityStatus,
  /** Somebody asked that it takes another key. */
  rotationAsked: z.boolean(),
  tenant: z.string().optional(),
  vaults: z.array(BoundVault).optional(),
})

/**
 * Another key in place of the one that signs this. `proof`: a proof by the new key of the same call, whose `body_sha256` is
 * that of no body, as it is part of the body itself.
 */
export const RotateIdentityKey = z.strictObject({ did: Did, proof: z.string().max(4096) })
export type RotateIdentityKey = z.output<typeof RotateIdentityKey>

/** SHA-256 of a public key, in groups of four hex digits, as people compare it. */
export const Fingerprint = z.string()

/** For whom a machine or token acts. */
export const PrincipalOwner = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('member'), userId: Id, name: z.string() }),
  z.object({ kind: z.literal('service'), name: z.string() }),
])
/** `role`: what the machine or token may do at most, as things stand: a member's never more than the member. */
export const PrincipalShown = z.object({ id: Id, owner: PrincipalOwner, role: TenantRole })
export type PrincipalShown = z.output<typeof PrincipalShown>

/** What the person who opened a claim's address is asked. */
export const ClaimOffer = z.object({
  handle: z.string(),
  did: z.string(),
  fingerprint: Fingerprint,
  /** Where the registration came from. */
  address: z.string().nullable(),
  userAgent: z.string().nullable(),
  createdAt: Timestamp,
  expiresAt: Timestamp,
  /** Tenants for which the caller may accept it, with the vaults that it could reach. */
  tenants: z.array(
    z.object({
      slug: z.string(),
      name: z.string(),
      vaults: z.array(z.object({ id: Id, handle: z.string() })),
      services: z.array(z.string()),
    }),
  ),
})
export type ClaimOffer = z.output<typeof ClaimOffer>

/** Name of a service of a tenant that machines act for. */
export const ServiceAccountName = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, 'A service has lower case letters, digits and hyphens.')

/**
 * `as`: whom the machine acts for; default: a service of the handle's name. `role`: default member. `scopes`: default all that
 * the role allows; none beyond it. `vaults`: those that it reaches, the first being its default; default: the tenant's default
 * vault. Whoever acts for the same one reaches the same vaults: one that has some already gets these beside them, and
 * keeps its default.
 */
export const AcceptClaim = z.strictObject({
  tenant: z.string().max(100),
  as: z
    .discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('me') }),
      z.strictObject({ kind: z.literal('service'), name: ServiceAccountName }),
    ])
    .optional(),
  role: z.enum(['admin', 'member']).optional(),
  scopes: MachineScopes.optional(),
  vaults: z.array(Id).min(1).max(50).optional(),
})
export type AcceptClaim = z.output<typeof AcceptClaim>

/** A machine as its tenant's people see it. */
export const Machine = z.object({
  id: Id,
  handle: z.string(),
  did: z.string(),
  fingerprint: Fingerprint,
  status: IdentityStatus,
  /** Null: whoever it acted for is gone, and it with them. */
  principal: PrincipalShown.nullable(),
  /** Null: everything that the role allows. */
  scopes: z.array(MachineScope).nullable(),
  vaults: z.array(BoundVault),
  address: z.string().nullable(),
  rotationAsked: z.boolean(),
  keyChangedAt: Timestamp,
  createdAt: Timestamp,
  claimedAt: Timestamp.nullable(),
  lastUsedAt: Timestamp.nullable(),
  revokedAt: Timestamp.nullable(),
})
export type Machine = z.output<typeof Machine>
export const MachinePage = pageOf(Machine)
export const MachineQuery = PageQuery.extend({ status: IdentityStatus.optional() })

/** `vaults`: those that it, and whatever acts for the same one, reaches from now on; the first is the default. */
export const UpdateMachine = z.strictObject({
  scopes: MachineScopes.nullable().optional(),
  role: z.enum(['admin', 'member']).optional(),
  vaults: z.array(Id).min(1).max(50).optional(),
})
export type UpdateMachine = z.output<typeof UpdateMachine>

/** GET /api/me as a machine or with an API token. */
export const MachineMe = z.object({
  identity: z.object({ handle: z.string(), did: z.string() }).nullable(),
  token: z.object({ id: Id, name: z.string() }).nullable(),
  principal: PrincipalShown,
  tenant: z.object({ id: Id, slug: z.string(), name: z.string() }),
  scopes: z.array(MachineScope).nullable(),
  vaults: z.array(BoundVault),
})

/** A service of a tenant, and how many machines and tokens act for it: those that can. */
export const ServiceAccount = z.object({
  id: Id,
  name: z.string(),
  machines: z.number().int(),
  tokens: z.number().int(),
  createdAt: Timestamp,
})
export type ServiceAccount = z.output<typeof ServiceAccount>
export const ServiceAccountPage = pageOf(ServiceAccount)

/** Days that a token may live at most. */
export const apiTokenMaxDays = 366

/**
 * `service`: the service of the tenant that it acts for, made where there is none; absent: the caller themself. `vaults`:
 * as where a claim is accepted.
 */
export const CreateApiToken = z.strictObject({
  name: DisplayName,
  service: ServiceAccountName.optional(),
  role: z.enum(['admin', 'member']).default('member'),
  scopes: MachineScopes,
  vaults: z.array(Id).max(50).optional(),
  expiresInDays: z.number().int().min(1).max(apiTokenMaxDays),
})
export type CreateApiToken = z.output<typeof CreateApiToken>

export const ApiToken = z.object({
  id: Id,
  name: z.string(),
  /** Its last four characters. */
  ending: z.string(),
  principal: PrincipalShown,
  scopes: z.array(MachineScope).nullable(),
  vaults: z.array(BoundVault),
  createdAt: Timestamp,
  expiresAt: Timestamp.nullable(),
  lastUsedAt: Timestamp.nullable(),
  revokedAt: Timestamp.nullable(),
})
export type ApiToken = z.output<typeof ApiToken>
export const ApiTokenPage = pageOf(ApiToken)
export const ApiTokenQuery = PageQuery
/** The only answer that has the token itself. */
export const CreatedApiToken = ApiToken.extend({ token: z.string() })

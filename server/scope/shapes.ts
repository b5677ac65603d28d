import type { AuditActor } from '#server/domain/audit/audit.store'
import type { TenantPermission, TenantStanding } from '#server/domain/tenants/tenants.policy'
import type { TenantRow } from '#server/domain/tenants/tenants.store'
import type { VaultPermission } from '#server/domain/vaults/vaults.policy'
import type { LeaseRow } from '#server/domain/vaults/leases.store'
import type { Clock } from '#server/lib/clock'
import type { BoundVault, MachineScope } from '#shared/contracts/machines'
import type { TenantRole } from '#shared/contracts/tenants'
import type { CallerStores, PlatformStores, TenantStores, VaultStores } from './stores'

/** The portal's own session that a caller came with. */
export interface CallerSession {
  readonly id: string
  readonly method: 'password' | 'passkey' | 'oidc'
  /** When they last proved who they are; null: long ago. */
  readonly provenAt: Date | null
  /** Whether a second factor was part of it. */
  readonly secondFactor: boolean
  /** Nothing is allowed but to set up the second factor that is asked of them. */
  readonly restricted: boolean
  /** What they may do has changed: the session is to get a new token. */
  readonly rotationDue: boolean
}

/** Somebody who has proved who they are. */
export interface Caller {
  readonly userId: string
  readonly platformRole: 'user' | 'operator'
  /** Null where they came without one, such as with a token. */
  readonly session: CallerSession | null
}

/** A machine that has signed its request, or a script with an API token; and for whom it acts. */
export interface Machine {
  readonly by:
    | { readonly kind: 'machine'; readonly id: string; readonly handle: string; readonly did: string }
    | { readonly kind: 'token'; readonly id: string; readonly name: string }
  readonly principal: {
    readonly id: string
    /** The member whose principal it is; null: a service's. */
    readonly userId: string | null
    /** The member's or the service's. */
    readonly name: string
    /** What it may do at most, a member's membership considered. */
    readonly role: TenantRole
  }
  readonly tenant: { readonly id: string; readonly slug: string; readonly name: string }
  /** Null: all that the role allows. */
  readonly scopes: ReadonlySet<MachineScope> | null
  /** Those that it reaches, its default first. */
  readonly vaults: readonly BoundVault[]
}

/**
 * Who acts, and on what: the only way to stores. What a scope can reach is settled when it is made, so that no
 * call takes a tenant's or an owner's id, and nothing can be forgotten in it.
 */
export interface Scope<Stores> {
  readonly requestId: string
  readonly clock: Clock
  /** For reading outside of a transaction. */
  readonly stores: Stores
  /** Runs work in one serializable transaction; it may run again where another writer was in the way. */
  transaction<Result>(work: (stores: Stores) => Promise<Result>): Promise<Result>
  /** Tells the reconciler to look at a tenant; to be called after the commit. Losing it loses nothing. */
  wake(tenantId: string): void
}

/** A known caller: their own records, and the tenants that they may see. */
export interface CallerScope extends Scope<CallerStores> {
  readonly actorId: string
  readonly session: CallerSession | null
  readonly platformRole: Caller['platformRole']
}

/** A caller at the portal itself, with a session of it. */
export interface SessionScope extends CallerScope {
  readonly session: CallerSession
}

/** The whole platform: an operator, or Tenantry itself (`actorId` is then null). */
export interface PlatformScope extends Scope<PlatformStores> {
  readonly actorId: string | null
}

/** A caller who is an operator of the platform. */
export interface OperatorScope extends Scope<PlatformStores & CallerStores> {
  readonly actorId: string
  readonly session: CallerSession | null
  readonly platformRole: 'operator'
}

/** One tenant, and somebody who may do something in it. */
export interface TenantScope extends Scope<TenantStores> {
  /** The user who acts, or in whose name a machine does; null: a machine of one of the tenant's services. */
  readonly actorId: string | null
  readonly actor: Extract<AuditActor, { id: string }>
  readonly tenant: { readonly id: string; readonly slug: string; readonly status: TenantRow['status'] }
  /** The machine that acts; null: a person. */
  readonly machine: Machine | null
  /** What the actor is to the tenant. An operator who is a member too counts as operator. */
  readonly standing: TenantStanding
  /** Whether the actor may do this here: by their standing and, a machine, by its scopes. */
  permits(permission: TenantPermission): boolean
}

/** One vault, and somebody who may know of it. */
export interface VaultScope extends Scope<VaultStores> {
  readonly actor: Extract<AuditActor, { id: string }>
  /** Whose lease a secret's is; null: a person, who has no use for one. */
  readonly machine: Machine | null
  readonly tenant: TenantScope['tenant']
  readonly vault: { readonly id: string; readonly handle: string }
  permits(permission: VaultPermission): boolean
}

/** One lease, and the machine that has it, or somebody who may see it in its vault. */
export interface LeaseScope extends VaultScope {
  readonly lease: LeaseRow
}

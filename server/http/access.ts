import type { ProvenKey } from '#server/identities/machine-callers'
import type { TenantPermission } from '#server/domain/tenants/tenants'
import type { VaultPermission } from '#server/domain/vaults/vaults'
import type {
  CallerScope,
  LeaseScope,
  Machine,
  OperatorScope,
  PlatformScope,
  SessionScope,
  TenantScope,
  VaultScope,
} from '#server/scope'

/** A machine that asks about itself. */
export interface MachineSelf {
  readonly machine: Machine
  readonly platform: PlatformScope
}

/** A key that has signed the request, whoever it belongs to. */
export interface KeyScope {
  readonly proven: ProvenKey
  readonly platform: PlatformScope
}

/** What a route with `anyone()` is given: nothing that reaches a record. */
export interface OpenScope {
  readonly requestId: string
}

/** Who may call a route. A route without one does not compile. */
export type Access =
  | { readonly kind: 'anyone' }
  | { readonly kind: 'entry' }
  | { readonly kind: 'caller' }
  | { readonly kind: 'session' }
  | { readonly kind: 'operator' }
  | { readonly kind: 'self' }
  | { readonly kind: 'key' }
  | { readonly kind: 'tenant'; readonly permission: TenantPermission }
  | { readonly kind: 'vault'; readonly permission: VaultPermission }
  | { readonly kind: 'lease'; readonly permission: VaultPermission }

/** The scope that each kind of access gives to the route's handler. */
export interface ScopeByAccess {
  anyone: OpenScope
  entry: PlatformScope
  caller: CallerScope
  session: SessionScope
  operator: OperatorScope
  /** A person, or a machine that asks about itself. */
  self: CallerScope | MachineSelf
  key: KeyScope
  tenant: TenantScope
  vault: VaultScope
  lease: LeaseScope
}
export type ScopeOf<Granted extends Access> = ScopeByAccess[Granted['kind']]

/** Everybody, and no record is within reach. */
export const anyone = () => ({ kind: 'anyone' }) as const

/**
 * Everybody, in the name of Tenantry itself: for the few routes by which people prove who they are, and what a page
 * shows before they did. Such a route is a door: tests/api/access-matrix.test.ts lists them all.
 */
export const entry = () => ({ kind: 'entry' }) as const

/** Whoever has proved who they are. */
export const caller = () => ({ kind: 'caller' }) as const

/** Somebody at the portal itself, with a session of it: not with a token. */
export const session = () => ({ kind: 'session' }) as const

/** An operator of the platform. */
export const operator = () => ({ kind: 'operator' }) as const

/** Whoever has proved who they are, machines too, about themselves. */
export const self = () => ({ kind: 'self' }) as const

/** Whoever has signed the request with a key of theirs; the identity that it belongs to may be unknown, or claimed by nobody. */
export const key = () => ({ kind: 'key' }) as const

/** Somebody with this permission in the vault that the path's `:id` names. */
export const vault = (permission: VaultPermission) => ({ kind: 'vault', permission }) as const

/** The machine that has the lease that the path's `:id` names, or somebody else, with this permission in its vault. */
export const lease = (permission: VaultPermission) => ({ kind: 'lease', permission }) as const

/** Somebody with this permission in the tenant that the path's `:slug` names. */
export const tenant = (permission: TenantPermission) => ({ kind: 'tenant', permission }) as const

import type { AuditActor } from '#server/domain/audit/audit.store'
import { may, type TenantPermission, type TenantStanding } from '#server/domain/tenants/tenants.policy'
import { tenantsStore, type TenantRow } from '#server/domain/tenants/tenants.store'
import { mayInVault, type VaultPermission } from '#server/domain/vaults/vaults.policy'
import { findLease, type LeaseRow } from '#server/domain/vaults/leases.store'
import { findVault } from '#server/domain/vaults/vaults.store'
import type { Announced } from '#server/provisioning/steps.store'
import type { Clock } from '#server/lib/clock'
import type { BoundVault } from '#shared/contracts/machines'
import { MachineScope } from '#shared/contracts/machines'
import type { TenantRole } from '#shared/contracts/tenants'
import type { Database, DatabaseClient } from '#server/storage/database'

import {
  callerStores,
  platformStores,
  tenantStores,
  vaultStores,
  type Acting,
  type CallerStores,
  type PlatformStores,
  type TenantStores,
  type VaultStores,
} from './scope-stores'

export type { CallerStores, PlatformStores, TenantStores, VaultStores }

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
interface Scope<Stores> {
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

/** What a machine may do at most, of all that its role allows: to decide over machines and vaults is for people. */
const everyMachineScope: ReadonlySet<string> = new Set(MachineScope.options)

export interface Scopes {
  /** Tenantry itself, or somebody who is about to prove who they are. */
  platform(requestId: string): PlatformScope
  caller(caller: Caller, requestId: string): CallerScope
  /** @throws Error where the caller came without a session: the route's access has to be checked before */
  session(caller: Caller, requestId: string): SessionScope
  /** @throws Error where the caller is no operator: the route's access has to be checked before */
  operator(caller: Caller, requestId: string): OperatorScope
  /**
   * @returns null where no tenant has this slug, or the caller may not know of it: the two can't be told apart
   */
  tenant(who: Caller | Machine, slug: string, requestId: string): Promise<TenantScope | null>
  /** @returns null where there is no such vault, or who asks may not know of it */
  vault(who: Caller | Machine, id: string, requestId: string): Promise<VaultScope | null>
  /**
   * @returns null where there is no such lease, or who asks may not know of it; `over` where it is the asking machine's,
   *   which does not reach the vault any more
   */
  lease(who: Caller | Machine, id: string, requestId: string): Promise<LeaseScope | 'over' | null>
}

/**
 * Makes scopes over one database.
 *
 * @param options.wake tells the reconciler of a tenant's id
 * @param options.queue where the intent is said in its own transaction; undefined: the rows say it
 * @param options.auditKey by which the audit's chains are shown to be ours
 * @param options.localAccounts whether people have accounts here; where not, the settings are not read
 */
export function createScopes(
  database: Database,
  clock: Clock,
  {
    wake,
    localAccounts,
    queue,
    auditKey,
  }: { wake: (tenantId: string) => void; localAccounts: boolean; queue?: Announced; auditKey: Buffer },
): Scopes {
  function scopeOf<Stores>(requestId: string, storesOver: (db: DatabaseClient) => Stores): Scope<Stores> {
    return {
      requestId,
      clock,
      wake,
      stores: storesOver(database.client),
      transaction: (work) => database.transaction((tx) => work(storesOver(tx))),
    }
  }
  const actorOf = (who: Caller | Machine) =>
    'by' in who ? { kind: who.by.kind, id: who.by.id } : { kind: 'user' as const, id: who.userId }
  const actingOf = (who: Caller | Machine, requestId: string): Acting => ({
    clock,
    localAccounts,
    queue,
    auditKey,
    requestId,
    actor: actorOf(who),
  })
  /** The tenant of a slug, and what who asks is in it; null where they may not know of it. */
  async function findTenant(who: Caller | Machine, slug: string) {
    if ('by' in who) {
      const { principal, scopes, tenant: own } = who
      if (own.slug !== slug) return null
      const viewer = { userId: principal.userId ?? '', all: true }
      const tenant: TenantRow | null = await tenantsStore(database.client, clock, viewer).findBySlug(slug)
      const granted: ReadonlySet<string> = scopes ?? everyMachineScope
      return tenant && { tenant, standing: principal.role, actorId: principal.userId, granted }
    }
    const { userId: actorId, platformRole } = who
    const viewer = { userId: actorId, all: platformRole === 'operator' }
    const tenant: TenantRow | null = await tenantsStore(database.client, clock, viewer).findBySlug(slug)
    const standing = platformRole === 'operator' ? ('operator' as const) : tenant?.role
    return tenant && standing ? { tenant, standing, actorId, granted: null } : null
  }
  function callerScope(caller: Caller, requestId: string): CallerScope {
    const { userId: actorId, session, platformRole } = caller
    const acting = actingOf(caller, requestId)
    return { ...scopeOf(requestId, (db) => callerStores(db, acting, caller)), actorId, session, platformRole }
  }
  async function vaultScope(
    who: Caller | Machine,
    id: string,
    requestId: string,
  ): Promise<VaultScope | null> {
    const isMachine = 'by' in who
    const asked = isMachine ? { principalId: who.principal.id } : { userId: who.userId }
    const found = await findVault(database.client, id, asked)
    if (!found || (isMachine && found.tenant.id !== who.tenant.id)) return null
    const { tenant, handle, isBound } = found
    const role = isMachine ? who.principal.role : found.role
    const mayKnow = role !== null || (!isMachine && who.platformRole === 'operator')
    if (!mayKnow || (isMachine && !isBound)) return null
    const acting = actingOf(who, requestId)
    return {
      ...scopeOf(requestId, (db) => vaultStores(db, acting, found)),
      actor: actorOf(who),
      machine: isMachine ? who : null,
      tenant,
      vault: { id, handle },
      permits: (permission) =>
        mayInVault({ role, isBound, isMachine }, permission, isMachine ? who.scopes : null),
    }
  }

  return {
    platform(requestId) {
      const acting: Acting = { clock, localAccounts, queue, auditKey, requestId, actor: { kind: 'system' } }
      return { ...scopeOf(requestId, (db) => platformStores(db, acting)), actorId: null }
    },

    caller: callerScope,

    session(caller, requestId) {
      const { session } = caller
      if (!session) throw new Error('A session scope for somebody without one')
      return { ...callerScope(caller, requestId), session }
    },

    operator(caller, requestId) {
      if (caller.platformRole !== 'operator') throw new Error('An operator scope for somebody who is none')
      const { userId: actorId, session, platformRole } = caller
      const acting = actingOf(caller, requestId)
      const storesOver = (db: DatabaseClient) => ({
        ...callerStores(db, acting, caller),
        ...platformStores(db, acting),
      })
      return { ...scopeOf(requestId, storesOver), actorId, session, platformRole }
    },

    async tenant(who, slug, requestId) {
      const acting = actingOf(who, requestId)
      const found = await findTenant(who, slug)
      if (!found) return null
      const { tenant, standing, actorId, granted } = found
      const { id } = tenant
      return {
        ...scopeOf(requestId, (db) => tenantStores(db, acting, id)),
        actorId,
        actor: actorOf(who),
        machine: 'by' in who ? who : null,
        tenant: { id, slug: tenant.slug, status: tenant.status },
        standing,
        permits: (permission) => may(standing, permission) && (!granted || granted.has(permission)),
      }
    },

    vault: vaultScope,

    async lease(who, id, requestId) {
      const lease = await findLease(database.client, id)
      const isMachine = 'by' in who
      if (!lease || (isMachine && (lease.askedBy !== who.by.id || lease.tenantId !== who.tenant.id)))
        return null
      const scope = await vaultScope(who, lease.vaultId, requestId)
      return scope ? { ...scope, lease } : isMachine ? 'over' : null
    },
  }
}

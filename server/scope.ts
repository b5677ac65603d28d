import { may } from '#server/domain/tenants/tenants.policy'
import { tenantsStore, type TenantRow } from '#server/domain/tenants/tenants.store'
import { mayInVault } from '#server/domain/vaults/vaults.policy'
import { findLease } from '#server/domain/vaults/leases.store'
import { findVault } from '#server/domain/vaults/vaults.store'
import type { Announced } from '#server/provisioning/steps.store'
import type { Clock } from '#server/lib/clock'
import { MachineScope } from '#shared/contracts/machines'
import type { Database, DatabaseClient } from '#server/storage/database'
import type {
  Caller,
  CallerScope,
  LeaseScope,
  Machine,
  OperatorScope,
  PlatformScope,
  Scope,
  SessionScope,
  TenantScope,
  VaultScope,
} from './scope/shapes'
import { callerStores, platformStores, tenantStores, vaultStores, type Acting } from './scope/stores'

export type {
  Caller,
  CallerScope,
  CallerSession,
  LeaseScope,
  Machine,
  OperatorScope,
  PlatformScope,
  SessionScope,
  TenantScope,
  VaultScope,
} from './scope/shapes'
export type { CallerStores, PlatformStores, TenantStores, VaultStores } from './scope/stores'

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
      ...scopeOf(requestId, (db) => vaultStores(db, acting, { tenantId: tenant.id, vaultId: id, who })),
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

import { auditStore, type AuditActor } from '#server/domain/audit/audit.store'
import { allDomainsStore, domainsStore } from '#server/domain/domains/domains.store'
import { invitationsStore, openInvitationsStore } from '#server/domain/invitations/invitations.store'
import { membersStore } from '#server/domain/members/members.store'
import { settingsStore } from '#server/domain/settings/settings.store'
import { subscriptionsStore, subscriptionStore } from '#server/domain/subscriptions/subscriptions.store'
import type { TenantStanding } from '#server/domain/tenants/tenants.policy'
import { exportsStore } from '#server/domain/tenants/exports.store'
import { tenantsStore, tenantStore, type TenantRow } from '#server/domain/tenants/tenants.store'
import { usersStore, type UserChange } from '#server/domain/users/users.store'
import { grantsStore } from '#server/auth/jit/grants.store'
import { identitiesStore, ownIdentitiesStore } from '#server/auth/jit/identities.store'
import { endedSessionsStore } from '#server/auth/sessions/ended-sessions.store'
import { resetsStore } from '#server/auth/passwords/resets.store'
import { factorsStore } from '#server/auth/second-factor/factors.store'
import { passkeyOwnersStore } from '#server/auth/second-factor/passkeys.store'
import { requirementStore } from '#server/auth/second-factor/requirement.store'
import { ownSessionsStore, sessionsStore } from '#server/auth/sessions/sessions.store'
import { desiredStore } from '#server/provisioning/desired.store'
import { onboardingStore } from '#server/provisioning/onboarding.store'
import { personStore } from '#server/provisioning/person.store'
import { listOverdue, type OverduePage } from '#server/provisioning/purge.store'
import { receiptsStore } from '#server/provisioning/receipts.store'
import { boardStore } from '#server/provisioning/drift/board.store'
import { driftStore } from '#server/provisioning/drift/drift.store'
import { stepsStore, type Announced } from '#server/provisioning/steps.store'
import type { Clock } from '#server/lib/clock'
import type { Database, DatabaseClient } from '#server/storage/database'

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
  readonly actorId: string
  readonly tenant: { readonly id: string; readonly slug: string; readonly status: TenantRow['status'] }
  /** What the actor is to the tenant. An operator who is a member too counts as operator. */
  readonly standing: TenantStanding
}

interface Acting {
  clock: Clock
  /** Whether people have accounts here; where not, the settings are not read. */
  localAccounts: boolean
  actor: AuditActor
  requestId: string
  /** Told of a tenant with the transaction that asks for it. */
  queue: Announced | undefined
}

export type CallerStores = ReturnType<typeof callerStores>
export type PlatformStores = ReturnType<typeof platformStores>
export type TenantStores = ReturnType<typeof tenantStores>

/** What a person may change of their own; never what they may do. */
type OwnChange = Pick<UserChange, 'name' | 'locale' | 'passwordHash'>

/** Of whom a second factor is asked, by what the operator set. */
function requirementOf(db: DatabaseClient, { clock, localAccounts }: Acting) {
  const settings = settingsStore(db, clock)
  return requirementStore(db, localAccounts ? () => settings.find('secondFactorRequiredOf') : undefined)
}

function callerStores(db: DatabaseClient, acting: Acting, { userId, platformRole }: Caller) {
  const viewer = { userId, all: platformRole === 'operator' }
  const users = usersStore(db, acting.clock)
  return {
    self: {
      async get() {
        const user = await users.find(userId)
        if (!user) throw new Error(`User ${userId} is signed in and has no record`)
        return user
      },
      update: (change: OwnChange, version?: number) => users.update(userId, change, version),
    },
    ownSessions: ownSessionsStore(db, acting.clock, userId),
    ownIdentities: ownIdentitiesStore(db, userId),
    ownFactors: factorsStore(db, acting.clock, userId),
    ownPerson: personStore(db, acting.clock, userId, acting.queue),
    ownResets: { removeAll: () => resetsStore(db, acting.clock).removeAllOf(userId) },
    requirement: requirementOf(db, acting),
    /** Those that the caller is a member of. */
    ownTenants: { list: tenantsStore(db, acting.clock, { userId, all: false }).list },
    ownSubscriptions: subscriptionsStore(db, { userId, all: false }),
    /** Those that the caller may see: for an operator all. */
    tenants: { list: tenantsStore(db, acting.clock, viewer).list },
    subscriptions: subscriptionsStore(db, viewer),
    audit: { record: auditStore(db, acting).record },
  }
}

function platformStores(db: DatabaseClient, acting: Acting) {
  const { clock, actor } = acting
  const viewer = { userId: actor.kind === 'user' ? actor.id : '', all: true }
  return {
    users: usersStore(db, clock),
    sessions: sessionsStore(db, clock),
    identities: identitiesStore(db, clock),
    grants: grantsStore(db),
    endedSessions: endedSessionsStore(db, clock),
    settings: settingsStore(db, clock),
    factorsOf: (userId: string) => factorsStore(db, clock, userId),
    personOf: (userId: string) => personStore(db, clock, userId, acting.queue),
    passkeyOwners: passkeyOwnersStore(db),
    requirement: requirementOf(db, acting),
    resets: resetsStore(db, clock),
    tenants: tenantsStore(db, clock, viewer),
    audit: auditStore(db, acting),
    /** The audit where somebody has just proved who they are. */
    auditAs: (proven: AuditActor) => auditStore(db, { ...acting, actor: proven }),
    /** Tenants whose time of grace is over. */
    overdue: { list: (page: OverduePage) => listOverdue(db, clock.now(), page) },
    openInvitations: openInvitationsStore(db, clock),
    allDomains: allDomainsStore(db, clock),
    board: boardStore(db, clock, acting.queue),
    /** Of all tenants, and what is nobody's. */
    allDrift: driftStore(db, null),
    /** One tenant's own stores, such as those of one that was just made; `proven` acts where it is given. */
    ofTenant: (tenantId: string, proven = actor) => tenantStores(db, { ...acting, actor: proven }, tenantId),
  }
}

function tenantStores(db: DatabaseClient, acting: Acting, tenantId: string) {
  const { clock, actor } = acting
  const { findByEmail } = usersStore(db, clock)
  const requirement = requirementOf(db, acting)
  const receipts = receiptsStore(db, clock, tenantId)
  return {
    tenant: tenantStore(db, clock, tenantId, actor.kind === 'user' ? actor.id : ''),
    invitations: invitationsStore(db, clock, tenantId),
    members: membersStore(db, clock, tenantId, async (userId) => {
      await requirement.apply(userId)
      await ownSessionsStore(db, clock, userId).askRotation()
      await receipts.follow(userId)
    }),
    domains: domainsStore(db, clock, tenantId),
    /** People who could become members. */
    people: { findByEmail },
    subscription: subscriptionStore(db, clock, tenantId),
    steps: stepsStore(db, clock, tenantId, acting.queue),
    desired: desiredStore(db, tenantId),
    exports: exportsStore(db, clock, tenantId),
    receipts,
    onboarding: onboardingStore(db, clock, tenantId),
    drift: driftStore(db, tenantId),
    audit: auditStore(db, { ...acting, tenantId }),
  }
}

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
  tenant(caller: Caller, slug: string, requestId: string): Promise<TenantScope | null>
}

/**
 * Makes scopes over one database.
 *
 * @param options.wake tells the reconciler of a tenant's id
 * @param options.queue where the intent is said in its own transaction; undefined: the rows say it
 * @param options.localAccounts whether people have accounts here; where not, the settings are not read
 */
export function createScopes(
  database: Database,
  clock: Clock,
  {
    wake,
    localAccounts,
    queue,
  }: { wake: (tenantId: string) => void; localAccounts: boolean; queue?: Announced },
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
  const actingOf = (caller: Caller, requestId: string): Acting => ({
    clock,
    localAccounts,
    queue,
    requestId,
    actor: { kind: 'user', id: caller.userId },
  })
  function callerScope(caller: Caller, requestId: string): CallerScope {
    const { userId: actorId, session, platformRole } = caller
    const acting = actingOf(caller, requestId)
    return { ...scopeOf(requestId, (db) => callerStores(db, acting, caller)), actorId, session, platformRole }
  }

  return {
    platform(requestId) {
      const acting: Acting = { clock, localAccounts, queue, requestId, actor: { kind: 'system' } }
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

    async tenant(caller, slug, requestId) {
      const acting = actingOf(caller, requestId)
      const viewer = { userId: caller.userId, all: caller.platformRole === 'operator' }
      const tenant: TenantRow | null = await tenantsStore(database.client, clock, viewer).findBySlug(slug)
      if (!tenant) return null
      const standing = caller.platformRole === 'operator' ? 'operator' : tenant.role
      if (!standing) return null
      const { id } = tenant
      return {
        ...scopeOf(requestId, (db) => tenantStores(db, acting, id)),
        actorId: caller.userId,
        tenant: { id, slug: tenant.slug, status: tenant.status },
        standing,
      }
    },
  }
}

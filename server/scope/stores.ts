import { auditStore, type AuditActor } from '#server/domain/audit/audit.store'
import { connectionsStore } from '#server/domain/connections/connections.store'
import { allDomainsStore, domainsStore } from '#server/domain/domains/domains.store'
import { invitationsStore, openInvitationsStore } from '#server/domain/invitations/invitations.store'
import { membersStore } from '#server/domain/members/members.store'
import { settingsStore } from '#server/domain/settings/settings.store'
import { subscriptionsStore, subscriptionStore } from '#server/domain/subscriptions/subscriptions.store'
import { exportsStore } from '#server/domain/tenants/exports.store'
import { tenantsStore, tenantStore } from '#server/domain/tenants/tenants.store'
import { bindingsStore } from '#server/domain/vaults/bindings.store'
import { allLeasesStore } from '#server/domain/vaults/all-leases.store'
import { leasesStore } from '#server/domain/vaults/leases.store'
import { vaultsStore } from '#server/domain/vaults/vaults.store'
import { usersStore, type UserChange } from '#server/domain/users/users.store'
import { grantsStore } from '#server/auth/jit/grants.store'
import { identitiesStore, ownIdentitiesStore } from '#server/auth/jit/identities.store'
import { endedSessionsStore } from '#server/auth/sessions/ended-sessions.store'
import { resetsStore } from '#server/auth/passwords/resets.store'
import { factorsStore } from '#server/auth/second-factor/factors.store'
import { passkeyOwnersStore } from '#server/auth/second-factor/passkeys.store'
import { requirementStore } from '#server/auth/second-factor/requirement.store'
import { ownSessionsStore, sessionsStore } from '#server/auth/sessions/sessions.store'
import { apiTokensStore, tenantTokensStore } from '#server/identities/api-tokens.store'
import { claimsStore } from '#server/identities/claims.store'
import { machinesStore } from '#server/identities/machines.store'
import { principalsStore } from '#server/identities/principals.store'
import { serviceAccountsStore } from '#server/identities/service-accounts.store'
import { tenantMachinesStore } from '#server/identities/tenant-machines.store'
import { formerStore } from '#server/provisioning/connected/former.store'
import { desiredStore } from '#server/provisioning/desired.store'
import { onboardingStore } from '#server/provisioning/onboarding.store'
import { personStore } from '#server/provisioning/person.store'
import { listKeyedVaults, listOverdue, type OverduePage } from '#server/provisioning/purge.store'
import { receiptsStore } from '#server/provisioning/receipts.store'
import { boardStore } from '#server/provisioning/drift/board.store'
import { driftStore } from '#server/provisioning/drift/drift.store'
import { stepsStore, type Announced } from '#server/provisioning/steps.store'
import type { Clock } from '#server/lib/clock'
import type { DatabaseClient } from '#server/storage/database'
import { vaultReach, type Reader } from './reach'

/** In whose name stores write, and by what. */
export interface Acting {
  clock: Clock
  /** Whether people have accounts here; where not, the settings are not read. */
  localAccounts: boolean
  actor: AuditActor
  requestId: string
  /** By which the audit's chains are shown to be ours. */
  auditKey: Buffer
  /** Told of a tenant with the transaction that asks for it. */
  queue: Announced | undefined
}

export type CallerStores = ReturnType<typeof callerStores>
export type PlatformStores = ReturnType<typeof platformStores>
export type TenantStores = ReturnType<typeof tenantStores>
export type VaultStores = ReturnType<typeof vaultStores>

/** What a person may change of their own; never what they may do. */
type OwnChange = Pick<UserChange, 'name' | 'locale' | 'passwordHash'>

/** Of whom a second factor is asked, by what the operator set. */
function requirementOf(db: DatabaseClient, { clock, localAccounts }: Acting) {
  const settings = settingsStore(db, clock)
  return requirementStore(db, localAccounts ? () => settings.find('secondFactorRequiredOf') : undefined)
}

export function callerStores(
  db: DatabaseClient,
  acting: Acting,
  { userId, platformRole }: { userId: string; platformRole: 'user' | 'operator' },
) {
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
    ownPerson: personStore(db, acting.clock, userId, acting),
    /** Machines that ask to be claimed. */
    claims: claimsStore(db, acting.clock, userId),
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

export function platformStores(db: DatabaseClient, acting: Acting) {
  const { clock, actor } = acting
  const viewer = { userId: actor.kind === 'user' ? actor.id : '', all: true }
  return {
    users: usersStore(db, clock),
    sessions: sessionsStore(db, clock),
    identities: identitiesStore(db, clock),
    machines: machinesStore(db, clock),
    apiTokens: apiTokensStore(db, clock),
    grants: grantsStore(db),
    endedSessions: endedSessionsStore(db, clock),
    settings: settingsStore(db, clock),
    factorsOf: (userId: string) => factorsStore(db, clock, userId),
    personOf: (userId: string) => personStore(db, clock, userId, acting),
    passkeyOwners: passkeyOwnersStore(db),
    requirement: requirementOf(db, acting),
    resets: resetsStore(db, clock),
    tenants: tenantsStore(db, clock, viewer),
    audit: auditStore(db, acting),
    /** The audit where somebody has just proved who they are. */
    auditAs: (proven: AuditActor) => auditStore(db, { ...acting, actor: proven }),
    /** Tenants whose time of grace is over. */
    overdue: {
      list: (page: OverduePage) => listOverdue(db, clock.now(), page),
      listKeyedVaults: (tenantId: string) => listKeyedVaults(db, tenantId),
    },
    openInvitations: openInvitationsStore(db, clock),
    allDomains: allDomainsStore(db, clock),
    allLeases: allLeasesStore(db),
    board: boardStore(db, clock, acting),
    /** Of all tenants, and what is nobody's. */
    allDrift: driftStore(db, null),
    /** One tenant's own stores, such as those of one that was just made; `proven` acts where it is given. */
    ofTenant: (tenantId: string, proven = actor) => tenantStores(db, { ...acting, actor: proven }, tenantId),
  }
}

export function tenantStores(db: DatabaseClient, acting: Acting, tenantId: string) {
  const { clock, actor } = acting
  const { findByEmail, findByVerifiedEmail } = usersStore(db, clock)
  const requirement = requirementOf(db, acting)
  const receipts = receiptsStore(db, clock, tenantId)
  return {
    tenant: tenantStore(db, clock, tenantId, actor.kind === 'user' ? actor.id : ''),
    invitations: invitationsStore(db, clock, tenantId),
    members: membersStore(db, clock, tenantId, async (userId, machines) => {
      await requirement.apply(userId)
      await ownSessionsStore(db, clock, userId).askRotation()
      await receipts.follow(userId, machines)
    }),
    domains: domainsStore(db, clock, tenantId),
    /** People who could become members. */
    people: { findByEmail, findByVerifiedEmail },
    subscription: subscriptionStore(db, clock, tenantId),
    steps: stepsStore(db, clock, tenantId, acting),
    desired: desiredStore(db, tenantId),
    exports: exportsStore(db, clock, tenantId),
    receipts,
    onboarding: onboardingStore(db, clock, tenantId),
    drift: driftStore(db, tenantId),
    vaults: vaultsStore(db, clock, tenantId),
    connections: connectionsStore(db, clock, tenantId),
    former: formerStore(db, clock, tenantId),
    machines: tenantMachinesStore(db, clock, tenantId),
    principals: principalsStore(db, clock, tenantId),
    serviceAccounts: serviceAccountsStore(db, clock, tenantId),
    apiTokens: tenantTokensStore(db, clock, tenantId),
    bindings: bindingsStore(db, clock, tenantId),
    leases: leasesStore(db, clock, tenantId),
    audit: auditStore(db, { ...acting, tenantId }),
  }
}

export function vaultStores(
  db: DatabaseClient,
  acting: Acting,
  { tenantId, vaultId, who }: { tenantId: string; vaultId: string; who: Reader },
) {
  return {
    reach: vaultReach(db, acting.clock, who, vaultId),
    leases: leasesStore(db, acting.clock, tenantId),
    audit: auditStore(db, { ...acting, tenantId: tenantId }),
  }
}

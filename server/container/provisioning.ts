import type { Config } from '#server/config/config'
import { auditStore } from '#server/domain/audit/audit.store'
import type { Mailer } from '#server/domain/mail/mailer.port'
import { getPortalName } from '#server/domain/settings/settings'
import type { MintPlaces } from '#server/domain/vaults/token-mint.port'
import type { Clock } from '#server/lib/clock'
import type { Log } from '#server/lib/log'
import { askedChannel } from '#server/provisioning/channels'
import type { ConnectedClient, Connector } from '#server/provisioning/connected/client.port'
import { createConnected } from '#server/provisioning/connected/connected'
import { createMintPlaces, mintThroughGate } from '#server/provisioning/connected/mint-places'
import { platformServices, type ServicesOf } from '#server/provisioning/connected/tenant-services'
import { createBreakerBoard, type BreakerBoard } from '#server/provisioning/drift/breakers'
import { repairFound } from '#server/provisioning/drift/repair'
import { createSweeper, type Sweeper } from '#server/provisioning/drift/sweeper'
import { createGates, type Gate } from '#server/provisioning/gates'
import { createOnboardingPlanner, type OnboardingMeans } from '#server/provisioning/onboarding-planner'
import { onboardingStore } from '#server/provisioning/onboarding.store'
import { createReconciler, type Reconciler } from '#server/provisioning/reconciler'
import type { ServiceName, StepPlanner } from '#server/provisioning/step-planner.port'
import { createScopes, type Scopes } from '#server/scope'
import { createSealer } from '#server/vault/seal'
import { openConnector, openServices } from './services'
import type { Keep, Storage } from './storage'

/** What brings the tenants' resources into being and keeps them so, and what requests ask of it. */
export interface Provisioning {
  readonly scopes: Scopes
  /** Whom a tenant's steps are done at: its own services, else the platform's. */
  readonly servicesOf: ServicesOf
  /** Reaches the services that tenants bring themselves. */
  readonly connector: Connector
  /** Where tokens are minted for leases. */
  readonly mintPlaces: MintPlaces
  readonly reconciler: Reconciler
  readonly sweeper: Sweeper
  /** The breakers of all replicas. */
  readonly breakers: BreakerBoard
  /** The steps of the services that are configured. */
  readonly planners: readonly StepPlanner[]
  /** Through which each service is asked. */
  readonly gate: (service: ServiceName) => Gate
}

/**
 * So many tenants are worked on for each call that a service is sent at a time: most of them are at one of the three
 * services, and each service is to have some that wait for it.
 */
const tenantsForEachPlace = 3

export interface ProvisioningMeans {
  storage: Storage
  mailer: Mailer | undefined
  /** Chains what is entered in the audit. */
  auditKey: Buffer
  /** In place of those of the configured services. */
  planners?: StepPlanner[] | undefined
  clock: Clock
  log: Log
  keep: Keep
}

export function createProvisioning(config: Config, means: ProvisioningMeans): Provisioning {
  const { storage, mailer, auditKey, clock, log, keep } = means
  const { database, cache, signals, vault, queue, keyring } = storage
  const wake = (tenantId: string) => signals.publish(askedChannel, tenantId)
  const localAccounts = config.authMode === 'standalone'
  const scopes = createScopes(database, clock, { wake, localAccounts, queue, auditKey })
  const { authentik, stalwart, ocis } = openServices(config, clock)
  const connector = keep(openConnector(config, clock))
  const onboarding: OnboardingMeans | undefined = mailer && {
    mailer,
    sender: async () => ({
      portalName: await getPortalName(scopes.platform('onboarding'), config.authMode),
      origin: config.publicUrl,
    }),
    storeOf: (tenantId) => onboardingStore(database.client, clock, tenantId),
    places: config.authentik ? [config.authentik.publicUrl] : [],
    ...(authentik && { firstPasswordLink: authentik.firstPasswordLink }),
  }
  const planners = means.planners ?? [
    ...(authentik?.planners ?? []),
    ...(stalwart?.planners ?? []),
    ...(ocis?.planners ?? []),
    ...(onboarding ? [createOnboardingPlanner(onboarding)] : []),
  ]
  const concurrency = config.provisioningConcurrency * tenantsForEachPlace
  const breakers = createBreakerBoard({ cache, clock, log })
  const gate = createGates({ clock, concurrency, random: Math.random, onChange: breakers.publish })
  const servicesOf = createConnected({
    ...{ database, clock, log, vault, connector, concurrency },
    platform: platformServices({ planners, gate, recordsOf: stalwart?.recordsOf }),
    onboardingAt: onboarding && ((client, apiUrl) => onboardingAt(onboarding, client, apiUrl)),
  })
  const common = { database, queue, clock, log, signals, planners, gate, servicesOf }
  return {
    ...{ scopes, servicesOf, connector, breakers, planners, gate },
    mintPlaces: createMintPlaces({
      platform: {
        authentik: authentik && mintThroughGate(authentik.tokenMint, gate('authentik')),
        ocis: ocis && mintThroughGate(ocis.tokenMint, gate('ocis')),
      },
      ...{ servicesOf, connector, sealer: createSealer(keyring, 'mint-places') },
    }),
    reconciler: createReconciler({
      ...common,
      auditOf: (tx, context) => auditStore(tx, { clock, auditKey, actor: { kind: 'system' }, ...context }),
      concurrency,
    }),
    sweeper: createSweeper({
      ...common,
      wake,
      everySeconds: config.sweepIntervalSeconds,
      repair: () => repairFound(scopes.platform('drift'), config),
    }),
  }
}

/** For people who sign in at the tenant's own Authentik. */
function onboardingAt(
  onboarding: OnboardingMeans,
  { firstPasswordLink }: ConnectedClient,
  apiUrl: string,
): StepPlanner {
  return createOnboardingPlanner({
    ...onboarding,
    places: [new URL(apiUrl).origin],
    ...(firstPasswordLink && { firstPasswordLink }),
  })
}

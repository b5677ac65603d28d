import { createBearer, type Bearer } from '#server/auth/bearer/bearer'
import { createRefusals, type Refusals } from '#server/auth/refusals/refusals'
import { createAttempts, type Attempts } from '#server/auth/sign-in/attempts'
import { createLoginFlows, type LoginFlows } from '#server/auth/oidc/login-flows'
import { createProvider, type Provider } from '#server/auth/provider/provider'
import { createPasswords, type Passwords } from '#server/auth/passwords/passwords'
import {
  createPasskeyCeremonies,
  type PasskeyCeremonies,
} from '#server/auth/second-factor/passkey-ceremonies'
import { createPasskeyChallenges } from '#server/auth/second-factor/passkey-challenges'
import { createRecoveryCodes, type RecoveryCodes } from '#server/auth/second-factor/recovery-codes'
import { createTotp, type Totp } from '#server/auth/second-factor/totp'
import { createPendingSignIns, type PendingSignIns } from '#server/auth/sign-in/pending-sign-ins'
import type { SessionLimits } from '#server/auth/sessions/sessions'
import type { Config } from '#server/config/config'
import type { ModuleSecrets } from '#server/config/environment'
import { createAuditIntegrity, type AuditIntegrity } from '#server/domain/audit/audit'
import { auditStore } from '#server/domain/audit/audit.store'
import { sealBeginning } from '#server/domain/audit/chain/beginning.store'
import { getPortalName } from '#server/domain/settings/settings'
import { settingsStore } from '#server/domain/settings/settings.store'
import type { Resolver } from '#server/domain/domains/domains'
import type { Mailer } from '#server/domain/mail/mailer.port'
import type { TokenMint } from '#server/domain/vaults/token-mint.port'
import type { TokenMints } from '#server/domain/vaults/vaults'
import { createMachineCallers, type MachineCallers } from '#server/identities/machine-callers'
import { findActing, machinesStore } from '#server/identities/machines.store'
import { createProofs, type Proofs } from '#server/identities/proof'
import { createReplay, type Replay } from '#server/identities/replay'
import { createFolderTarget } from '#server/integrations/audit-export/folder'
import { createWebhookTarget } from '#server/integrations/audit-export/webhook'
import { createResolver } from '#server/integrations/dns/client'
import type { SmtpOptions } from '#server/integrations/smtp/client'
import { createClaimTokens, type ClaimTokens } from '#server/identities/claim-tokens'
import { systemClock, type Clock } from '#server/lib/clock'
import { createErrands, type Errands } from '#server/lib/errands'
import { createMetrics, type Metrics } from '#server/lib/metrics'
import { createLog, type Log } from '#server/lib/log'
import type { Connector } from '#server/provisioning/connected/client.port'
import { createConnected } from '#server/provisioning/connected/connected'
import { platformServices, type ServicesOf } from '#server/provisioning/connected/tenant-services'
import { askedChannel } from '#server/provisioning/channels'
import type { ServiceName, StepPlanner } from '#server/provisioning/step-planner.port'
import { createGates, type Gate } from '#server/provisioning/gates'
import { createOnboardingPlanner } from '#server/provisioning/onboarding-planner'
import { onboardingStore } from '#server/provisioning/onboarding.store'
import { createBreakerBoard, type BreakerBoard } from '#server/provisioning/drift/breakers'
import { repairFound } from '#server/provisioning/drift/repair'
import { createSweeper, type Sweeper } from '#server/provisioning/drift/sweeper'
import { createJobsQueue } from '#server/provisioning/queue-jobs'
import type { TenantQueue } from '#server/provisioning/queue.port'
import { createRowsQueue } from '#server/provisioning/queue.store'
import { createReconciler, defaultLeaseMs, type Reconciler } from '#server/provisioning/reconciler'
import { createScopes, type Scopes } from '#server/scope'
import type { Cache } from '#server/storage/cache'
import { openDatabaseCache } from '#server/storage/cache-database'
import { cacheDriver } from '#server/storage/cache-driver'
import { openRedisCache } from '#server/storage/cache-redis'
import { openDatabase, type Database } from '#server/storage/database'
import { openJobs, type Jobs } from '#server/storage/jobs'
import { createIdempotency, type Idempotency } from '#server/storage/idempotency'
import { migrate } from '#server/storage/migrate'
import { loadMigrations } from '#server/storage/migrations'
import { openSignals, type Signals } from '#server/storage/signals'
import { unreachableInWords } from '#server/storage/unreachable'
import { openVaultBackend } from '#server/vault/backends/backends'
import { generatedSecret } from '#server/vault/keys/generated-secret'
import { openVaultKeys } from '#server/vault/keys/vault-keys'
import { createSealer, type Sealer } from '#server/vault/seal'
import { createVault, type SecretVault } from '#server/vault/vault'
import { openConnector, openServices } from './container-services'

/** Everything that lives as long as the process, wired once. */
export interface Container {
  readonly config: Config
  readonly log: Log
  readonly clock: Clock
  readonly database: Database
  readonly cache: Cache
  readonly signals: Signals
  readonly scopes: Scopes
  readonly passwords: Passwords
  /** For users who are made with one; undefined where there are no local passwords. */
  readonly localPasswords: Passwords | undefined
  readonly attempts: Attempts
  readonly sessionLimits: SessionLimits
  readonly provider: Provider
  readonly bearer: Bearer
  readonly refusals: Refusals
  readonly proofs: Proofs
  readonly machineCallers: MachineCallers
  readonly replay: Replay
  readonly loginFlows: LoginFlows
  readonly idTokenSealer: Sealer
  /** What nuxt-oidc-auth works with; its storage is the shared cache. */
  readonly moduleSecrets: ModuleSecrets
  readonly moduleStorage: ReturnType<typeof cacheDriver>
  /** For secrets among the settings. */
  readonly settingsSealer: Sealer
  readonly pendingSignIns: PendingSignIns
  readonly totp: Totp
  readonly recoveryCodes: RecoveryCodes
  readonly passkeyCeremonies: PasskeyCeremonies
  /** Undefined where there is no mail server. */
  readonly mailer: Mailer | undefined
  /** Asks the DNS. */
  readonly resolver: Resolver
  /** Whom a tenant's steps are done at: its own services, else the platform's. */
  readonly servicesOf: ServicesOf
  /** What answers do not wait for; `close` does. */
  readonly errands: Errands
  readonly idempotency: Idempotency
  readonly claimTokens: ClaimTokens
  /** The tenants' secrets. */
  readonly vault: SecretVault
  /** Reaches the services that tenants bring themselves. */
  readonly connector: Connector
  /** Where tokens are minted for leases. */
  readonly tokenMints: TokenMints
  readonly reconciler: Reconciler
  readonly sweeper: Sweeper
  /** The breakers of all replicas. */
  readonly breakers: BreakerBoard
  /** Shows that the audit is as it was written. */
  readonly audit: AuditIntegrity
  /** Undefined where nobody may ask for them. */
  readonly metrics: Metrics | undefined
  /** What tells the reconcilers of tenants. */
  readonly queue: TenantQueue
  /** To be started once the first requests can be served; undefined on SQLite. */
  readonly jobs: Jobs | undefined
  /** The steps of the services that are configured. */
  readonly planners: readonly StepPlanner[]
  /** Through which each service is asked. */
  readonly gate: (service: ServiceName) => Gate
  /** The services that exist, and where people find them. */
  readonly launcher: readonly { service: ServiceName; url: string }[]
  /** Aborted when the process is asked to stop: streams end, /ready fails. */
  readonly drain: AbortController
  /** Ends every connection; nothing may be asked afterwards. */
  close(): Promise<void>
}

/**
 * So many tenants are worked on for each call that a service is sent at a time: most of them are at one of the three
 * services, and each service is to have some that wait for it.
 */
const tenantsForEachPlace = 3

/** The same mint, that is left in peace with its service. */
const throughGate = (mint: TokenMint, gate: Gate): TokenMint => ({
  mint: (asked, signal) => gate.run(() => mint.mint(asked, signal), signal),
  revoke: (leaseId, signal) => gate.run(() => mint.revoke(leaseId, signal), signal),
})

/** Where the state of the audit is told. */
function auditTargetOf({ auditExport }: Config) {
  if (!auditExport) return undefined
  const { kind, everySeconds } = auditExport
  const to = kind === 'folder' ? createFolderTarget(auditExport.folder) : createWebhookTarget(auditExport)
  return { kind, to, everySeconds }
}

/** Loaded where there is mail to send: a start without is quicker. */
async function openMailer(options: SmtpOptions): Promise<Mailer> {
  const { createSmtpMailer } = await import('#server/integrations/smtp/client')
  return createSmtpMailer(options)
}

/**
 * Opens everything that the configuration names, with the database migrated.
 *
 * @param replace parts that a test brings itself
 * @throws Error in words for an operator where something can't be opened; what was opened before is closed again
 */
export async function createContainer(
  config: Config,
  replace: { clock?: Clock; log?: Log; planners?: StepPlanner[]; passwords?: Passwords } = {},
): Promise<Container> {
  const { clock = systemClock, log = createLog(config.logLevel), passwords = createPasswords() } = replace
  const secret = config.masterSecret ?? generatedSecret(config.dataDir)
  const opened: { close(): Promise<void> }[] = []
  const close = async () => {
    for (const part of opened.splice(0).reverse()) await part.close()
  }
  const keep = <Part extends { close(): Promise<void> }>(part: Part): Part => {
    opened.push(part)
    return part
  }

  try {
    const database = keep(await openDatabase({ ...config.database, log }))
    await migrate(database, {
      url: config.database.url,
      migrations: await loadMigrations(database.provider),
      log,
    })
    const cache = keep(
      config.redisUrl
        ? openRedisCache({ url: config.redisUrl, log })
        : openDatabaseCache({ database, clock }),
    )
    const signals = keep(openSignals({ url: config.database.url, log }))
    const keys = keep(await openVaultKeys({ database, signals, clock, log, secret }))
    const { keyring } = keys
    const backend = keep(await openVaultBackend(config, { database, log }))
    const jobs = openJobs({ url: config.database.url, log, worker: config.worker !== 'off' })
    if (jobs) keep(jobs)
    const rows = createRowsQueue(database, clock, defaultLeaseMs)
    const queue = jobs ? createJobsQueue(jobs, rows, clock) : rows
    const { mail } = config
    const mailer = mail && keep(await openMailer({ ...mail, url: mail.smtpUrl }))
    const wake = (tenantId: string) => signals.publish(askedChannel, tenantId)
    const auditKey = keyring.derive('audit')
    if ((await sealBeginning(database, auditKey)) === 'refused')
      log.error('audit: the entries of before the chains are not whole: verify the audit')
    const localAccounts = config.authMode === 'standalone'
    const scopes = createScopes(database, clock, { wake, localAccounts, queue, auditKey })
    const { authentik, stalwart, ocisPlanners } = openServices(config, clock)
    const connector = keep(openConnector(config, clock))
    const onboarding = mailer && {
      mailer,
      sender: async () => ({
        portalName: await getPortalName(scopes.platform('onboarding'), config.authMode),
        origin: config.publicUrl,
      }),
      storeOf: (tenantId: string) => onboardingStore(database.client, clock, tenantId),
      places: config.authentik ? [config.authentik.publicUrl] : [],
      ...(authentik && { firstPasswordLink: authentik.firstPasswordLink }),
    }
    const planners = replace.planners ?? [
      ...(authentik?.planners ?? []),
      ...(stalwart?.planners ?? []),
      ...ocisPlanners,
      ...(onboarding ? [createOnboardingPlanner(onboarding)] : []),
    ]
    const concurrency = config.provisioningConcurrency * tenantsForEachPlace
    const breakers = createBreakerBoard({ cache, clock, log })
    const gate = createGates({ clock, concurrency, random: Math.random, onChange: breakers.publish })
    const vault = createVault({ backend, keys, clock })
    const servicesOf = createConnected({
      ...{ database, clock, log, vault, connector, concurrency },
      platform: platformServices({ planners, gate, recordsOf: stalwart?.recordsOf }),
      onboardingAt:
        onboarding &&
        (({ firstPasswordLink }, apiUrl) =>
          createOnboardingPlanner({
            ...{ ...onboarding, places: [new URL(apiUrl).origin] },
            ...(firstPasswordLink && { firstPasswordLink }),
          })),
    })
    const settingsSealer = createSealer(keyring, 'settings')
    const { find: findSetting } = settingsStore(database.client, clock)
    const attempts = createAttempts(cache, keyring.derive('attempts'))
    const errands = createErrands(log)
    keep({ close: errands.settled })
    const replay = createReplay(cache, clock)
    const provider = createProvider({
      environment: config.oidc,
      stored: config.authMode === 'standalone' ? () => findSetting('oidc') : undefined,
      sealer: settingsSealer,
      clock,
      log,
    })
    return {
      config,
      log,
      clock,
      database,
      cache,
      signals,
      scopes,
      passwords,
      localPasswords: localAccounts ? passwords : undefined,
      attempts,
      sessionLimits: config.session,
      provider,
      bearer: createBearer(provider, clock),
      refusals: createRefusals(attempts, clock),
      proofs: createProofs(config.publicUrl, clock),
      machineCallers: createMachineCallers(
        {
          findActing: (did) => findActing(database, did),
          noteUse: machinesStore(database.client, clock).noteUse,
        },
        { replay, errands, clock },
      ),
      replay,
      settingsSealer,
      pendingSignIns: createPendingSignIns(cache, keyring.derive('pending-sign-in')),
      totp: createTotp(createSealer(keyring, 'totp')),
      recoveryCodes: createRecoveryCodes(keyring.derive('recovery-codes')),
      passkeyCeremonies: createPasskeyCeremonies(config.publicUrl, createPasskeyChallenges(cache)),
      loginFlows: createLoginFlows(cache, createSealer(keyring, 'oidc/login')),
      idTokenSealer: createSealer(keyring, 'oidc/id-token'),
      moduleSecrets: {
        tokenKey: keyring.derive('oidc/module/token').toString('base64'),
        sessionSecret: keyring.derive('oidc/module/session').toString('base64'),
        authSessionSecret: keyring.derive('oidc/module/login').toString('base64'),
      },
      moduleStorage: cacheDriver({ cache, prefix: 'oidc:module', ttlSeconds: 300 }),
      mailer,
      resolver: createResolver({ server: config.dnsResolver }),
      servicesOf,
      errands,
      idempotency: createIdempotency(cache, createSealer(keyring, 'idempotency'), log),
      claimTokens: createClaimTokens(cache, clock),
      vault,
      connector,
      tokenMints: { authentik: authentik && throughGate(authentik.tokenMint, gate('authentik')) },
      queue,
      jobs,
      reconciler: createReconciler({
        database,
        queue,
        clock,
        log,
        signals,
        planners,
        gate,
        servicesOf,
        auditOf: (tx, context) => auditStore(tx, { clock, auditKey, actor: { kind: 'system' }, ...context }),
        concurrency,
      }),
      sweeper: createSweeper({
        ...{ database, clock, log, signals, planners, gate, servicesOf, wake, queue },
        everySeconds: config.sweepIntervalSeconds,
        repair: () => repairFound(scopes.platform('drift'), config),
      }),
      breakers,
      audit: createAuditIntegrity({
        ...{ database, clock, log, auditKey, origin: config.publicUrl },
        signingSeed: keyring.derive('audit/signing'),
        target: auditTargetOf(config),
      }),
      metrics: config.metricsToken === undefined ? undefined : await createMetrics(),
      planners,
      gate,
      launcher: config.authentik ? [{ service: 'authentik', url: config.authentik.publicUrl }] : [],
      drain: new AbortController(),
      close,
    }
  } catch (error) {
    await close()
    const words = unreachableInWords(error, config.database.url)
    throw words === undefined ? error : new Error(words, { cause: error })
  }
}

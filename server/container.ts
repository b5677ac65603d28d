import { createPasswords, type Passwords } from '#server/auth/passwords/passwords'
import type { Config } from '#server/config/config'
import { createAuditIntegrity, type AuditIntegrity } from '#server/domain/audit/audit'
import { sealBeginning } from '#server/domain/audit/chain/beginning.store'
import type { Resolver } from '#server/domain/domains/domains'
import type { Mailer } from '#server/domain/mail/mailer.port'
import { createFolderTarget } from '#server/integrations/audit-export/folder'
import { createWebhookTarget } from '#server/integrations/audit-export/webhook'
import { createResolver } from '#server/integrations/dns/client'
import type { SmtpOptions } from '#server/integrations/smtp/client'
import { systemClock, type Clock } from '#server/lib/clock'
import { createErrands, type Errands } from '#server/lib/errands'
import { createLog, type Log } from '#server/lib/log'
import { createMetrics, type Metrics } from '#server/lib/metrics'
import type { ServiceName, StepPlanner } from '#server/provisioning/step-planner.port'
import { createIdempotency, type Idempotency } from '#server/storage/idempotency'
import { unreachableInWords } from '#server/storage/unreachable'
import { createSealer } from '#server/vault/seal'
import { createAuth, type Auth } from './container/auth'
import type { OpenKeyring } from './container/master-secret'
import { createProvisioning, type Provisioning } from './container/provisioning'
import { openStorage, type Keep, type Storage } from './container/storage'

/** Everything that lives as long as the process, wired once. */
export interface Container extends Omit<Storage, 'keyring'>, Auth, Provisioning {
  readonly config: Config
  readonly log: Log
  readonly clock: Clock
  /** Undefined where there is no mail server. */
  readonly mailer: Mailer | undefined
  /** Asks the DNS. */
  readonly resolver: Resolver
  /** What answers do not wait for; `close` does. */
  readonly errands: Errands
  readonly idempotency: Idempotency
  /** Shows that the audit is as it was written. */
  readonly audit: AuditIntegrity
  /** Undefined where nobody may ask for them. */
  readonly metrics: Metrics | undefined
  /** The services that exist, and where people find them. */
  readonly launcher: readonly { service: ServiceName; url: string }[]
  /** Aborted when the process is asked to stop: streams end, /ready fails. */
  readonly drain: AbortController
  /** Ends every connection; nothing may be asked afterwards. */
  close(): Promise<void>
}

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
  replace: {
    clock?: Clock
    log?: Log
    planners?: StepPlanner[]
    passwords?: Passwords
    openKeyring?: OpenKeyring | undefined
  } = {},
): Promise<Container> {
  const { clock = systemClock, log = createLog(config.logLevel), passwords = createPasswords() } = replace
  const opened: { close(): Promise<void> }[] = []
  const close = async () => {
    for (const part of opened.splice(0).reverse()) await part.close()
  }
  const keep: Keep = (part) => {
    opened.push(part)
    return part
  }

  try {
    const storage = await openStorage(config, { clock, log, keep, openKeyring: replace.openKeyring })
    const { keyring, ...kept } = storage
    const { mail } = config
    const mailer = mail && keep(await openMailer({ ...mail, url: mail.smtpUrl }))
    const auditKey = keyring.derive('audit')
    if ((await sealBeginning(storage.database, auditKey)) === 'refused')
      log.error('audit: the entries of before the chains are not whole: verify the audit')
    const { planners } = replace
    const provisioning = createProvisioning(config, { storage, mailer, auditKey, planners, clock, log, keep })
    const errands = createErrands(log)
    keep({ close: errands.settled })
    return {
      ...{ config, log, clock, mailer, errands, close },
      ...kept,
      ...createAuth(config, { storage, passwords, errands, clock, log }),
      ...provisioning,
      resolver: createResolver({ server: config.dnsResolver }),
      idempotency: createIdempotency(storage.cache, createSealer(keyring, 'idempotency'), log),
      audit: createAuditIntegrity({
        ...{ database: storage.database, clock, log, auditKey, origin: config.publicUrl },
        signingSeed: keyring.derive('audit/signing'),
        target: auditTargetOf(config),
      }),
      metrics: config.metricsToken === undefined ? undefined : await createMetrics(),
      launcher: config.authentik ? [{ service: 'authentik', url: config.authentik.publicUrl }] : [],
      drain: new AbortController(),
    }
  } catch (error) {
    await close()
    const words = unreachableInWords(error, config.database.url)
    throw words === undefined ? error : new Error(words, { cause: error })
  }
}

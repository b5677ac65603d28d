import type { Clock } from '#server/lib/clock'
import type { Log } from '#server/lib/log'
import type { Figure } from '#server/lib/metrics'
import type { Database } from '#server/storage/database'
import { createAuditExporter, type AuditExporter } from './exports/exporter'
import { exportsStore } from './exports/exports.store'
import { createSigner, type Signer } from './exports/statement'
import type { ExportTarget } from './exports/target.port'
import { verifyAudit, type Verification, type VerifyOptions } from './verify/verify'

/** An answer to an operator takes about so long at most; the statements come on top, with the last part. */
const patienceMs = 10_000

export interface IntegrityOptions {
  database: Database
  clock: Clock
  log: Log
  /** `keyring.derive('audit')` */
  auditKey: Buffer
  /** `keyring.derive('audit/signing')` */
  signingSeed: Buffer
  /** Whose audit it is: the portal's origin. */
  origin: string
  /** Where statements go; undefined: nowhere, and none are made. */
  target: { kind: 'folder' | 'webhook'; to: ExportTarget; everySeconds: number } | undefined
}

/** What shows that the audit is as it was written. */
export interface AuditIntegrity {
  /** All that somebody else needs to check what was exported. */
  readonly publicKey: Signer['publicKey']
  /** Undefined where nothing is exported. */
  readonly exporter: AuditExporter | undefined
  /** Verifies for about 10 seconds. @returns `next`: where to go on, by another call */
  verify(from?: VerifyOptions['from']): Promise<Verification>
  state(): Promise<IntegrityState>
}

export interface IntegrityState {
  publicKey: Signer['publicKey']
  /** Null where nothing is exported. */
  export:
    | ({ to: 'folder' | 'webhook'; everySeconds: number } & Awaited<
        ReturnType<ReturnType<typeof exportsStore>['state']>
      >)
    | null
}

export function createAuditIntegrity(options: IntegrityOptions): AuditIntegrity {
  const { database, clock, log, auditKey, origin, target } = options
  const signer = createSigner(options.signingSeed)
  const { publicKey } = signer
  const store = exportsStore(database, clock)

  async function exportsToVerify(): Promise<VerifyOptions['exports']> {
    if (!target) return undefined
    const { delivered } = await store.state()
    const last = delivered?.sequence
    return target.to.read
      ? { lines: target.to.read(), publicKey, last }
      : { lines: store.read(), publicKey, mayBeginLater: true }
  }

  return {
    publicKey,
    exporter:
      target &&
      createAuditExporter({
        store,
        target: target.to,
        log,
        origin,
        everySeconds: target.everySeconds,
        signer,
      }),
    async verify(from) {
      const start = performance.now()
      return verifyAudit(database, {
        ...{ auditKey, from, exports: await exportsToVerify() },
        mayGoOn: () => performance.now() - start < patienceMs,
      })
    },
    async state() {
      if (!target) return { publicKey, export: null }
      const { kind: to, everySeconds } = target
      return { publicKey, export: { to, everySeconds, ...(await store.state()) } }
    },
  }
}

/** How the exports of the audit stand, as a scraper takes it; nothing where there are none. */
export async function auditFigures(audit: Pick<AuditIntegrity, 'state'>): Promise<Figure[]> {
  const { export: exported } = await audit.state()
  if (!exported) return []
  const { delivered, failed, waiting } = exported
  const seconds = (of: { at: Date } | null) => (of ? [{ value: of.at.getTime() / 1000 }] : [])
  return [
    {
      name: 'tenantry_audit_export_delivered_timestamp_seconds',
      help: 'When the state of the audit last arrived outside.',
      values: seconds(delivered),
    },
    {
      name: 'tenantry_audit_export_failed_timestamp_seconds',
      help: 'When it last could not be brought there.',
      values: seconds(failed),
    },
    {
      name: 'tenantry_audit_exports_waiting',
      help: 'Statements of the audit that have not arrived yet.',
      values: [{ value: waiting }],
    },
  ]
}

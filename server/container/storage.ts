import type { Config } from '#server/config/config'
import type { Clock } from '#server/lib/clock'
import type { Log } from '#server/lib/log'
import { createJobsQueue } from '#server/provisioning/queue-jobs'
import type { TenantQueue } from '#server/provisioning/queue.port'
import { createRowsQueue } from '#server/provisioning/queue.store'
import { defaultLeaseMs } from '#server/provisioning/reconciler'
import type { Cache } from '#server/storage/cache'
import { openDatabaseCache } from '#server/storage/cache-database'
import { openRedisCache } from '#server/storage/cache-redis'
import { openDatabase, type Database } from '#server/storage/database'
import { openJobs, type Jobs } from '#server/storage/jobs'
import { migrate } from '#server/storage/migrate'
import { loadMigrations } from '#server/storage/migrations'
import { openSignals, type Signals } from '#server/storage/signals'
import { openVaultBackend } from '#server/vault/backends/backends'
import type { Keyring } from '#server/vault/keyring'
import { openVaultKeys } from '#server/vault/keys/vault-keys'
import { createVault, type SecretVault } from '#server/vault/vault'
import { findMasterSecret, type OpenKeyring } from './master-secret'

/** What every part of the process keeps its data in. */
export interface Storage {
  readonly database: Database
  readonly cache: Cache
  readonly signals: Signals
  /** The tenants' secrets. */
  readonly vault: SecretVault
  /** Derives the keys of Tenantry's own use. */
  readonly keyring: Keyring
  /** What tells the reconcilers of tenants. */
  readonly queue: TenantQueue
  /** To be started once the first requests can be served; undefined on SQLite. */
  readonly jobs: Jobs | undefined
}

/** Notes what is to be closed at the end, the newest first. */
export type Keep = <Part extends { close(): Promise<void> }>(part: Part) => Part

/**
 * Opens the database, migrated, and what lies in it or beside it.
 *
 * @throws Error in words for an operator where something can't be opened, or the master key is another
 */
export async function openStorage(
  config: Config,
  {
    clock,
    log,
    keep,
    openKeyring,
  }: { clock: Clock; log: Log; keep: Keep; openKeyring: OpenKeyring | undefined },
): Promise<Storage> {
  const { secret, from: secretFrom } = await findMasterSecret(config, openKeyring)
  const { url } = config.database
  const database = keep(await openDatabase({ ...config.database, log }))
  await migrate(database, { url, migrations: await loadMigrations(database.provider), log })
  const cache = keep(
    config.redisUrl ? openRedisCache({ url: config.redisUrl, log }) : openDatabaseCache({ database, clock }),
  )
  const signals = keep(openSignals({ url, log }))
  const keys = keep(await openVaultKeys({ database, signals, clock, log, secret, secretFrom }))
  const backend = keep(await openVaultBackend(config, { database, log }))
  const jobs = openJobs({ url, log, worker: config.worker !== 'off' })
  if (jobs) keep(jobs)
  const rows = createRowsQueue(database, clock, defaultLeaseMs)
  return {
    ...{ database, cache, signals, jobs },
    vault: createVault({ backend, keys, clock }),
    keyring: keys.keyring,
    queue: jobs ? createJobsQueue(jobs, rows, clock) : rows,
  }
}

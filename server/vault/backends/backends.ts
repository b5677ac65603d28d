import { join } from 'node:path'
import type { Log } from '#server/lib/log'
import type { Database } from '#server/storage/database'
import type { VaultBackend } from './backend.port'

/** What of the configuration decides where secrets are kept. */
export interface BackendChoice {
  readonly vaultBackend: 'disk' | 'redis' | 'database'
  readonly dataDir: string
  /** Wanted for `redis`. */
  readonly redisUrl: string | undefined
}

/**
 * Opens the backend that is configured; only its own code is loaded.
 *
 * @throws Error in words for an operator where the folder can't be used
 */
export async function openVaultBackend(
  { vaultBackend, dataDir, redisUrl }: BackendChoice,
  { database, log }: { database: Database; log: Log },
): Promise<VaultBackend> {
  if (vaultBackend === 'disk') {
    const { openDiskBackend } = await import('./disk')
    return openDiskBackend(join(dataDir, 'vault'))
  }
  if (vaultBackend === 'redis') {
    if (!redisUrl) throw new Error('VAULT_BACKEND: redis needs REDIS_URL')
    const { openRedisBackend } = await import('./redis')
    return openRedisBackend({ url: redisUrl, log })
  }
  const { openDatabaseBackend } = await import('./database.store')
  return openDatabaseBackend(database)
}

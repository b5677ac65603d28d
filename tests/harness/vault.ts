import { systemClock } from '#server/lib/clock'
import { createLog } from '#server/lib/log'
import { createLocalSignals } from '#server/storage/signals-local'
import type { Database } from '#server/storage/database'
import type { VaultBackend } from '#server/vault/backends/backend.port'
import { openVaultKeys } from '#server/vault/keys/vault-keys'
import { createVault, type SecretVault } from '#server/vault/vault'

export const silent = createLog('silent')

export const masterKey = Buffer.alloc(32, 7)

/** A vault over a backend, as a replica has it. */
export async function openVaultOn(database: Database, backend: VaultBackend): Promise<SecretVault> {
  const secret = { kind: 'random', bytes: masterKey } as const
  const signals = createLocalSignals(silent)
  const keys = await openVaultKeys({ database, signals, clock: systemClock, log: silent, secret })
  return createVault({ backend, keys, clock: systemClock })
}

import { setTimeout as delay } from 'node:timers/promises'
import { secretMaxBytes } from '#shared/contracts/vaults'
import type { Clock } from '#server/lib/clock'
import { createKeyedTurns } from '#server/lib/turns'
import type { StoredVersion, VaultBackend } from './backends/backend.port'
import type { VaultKeys } from './keys/vault-keys'
import { checkPlace, checkVault, fullKey, type SecretPlace } from './places'
import { openValue, sealValue, type OpenedValue } from './value'
import { SecretUnreadable, VaultUnavailable } from './vault.errors'

export { vaultKeyId, type SecretPlace } from './places'
export { SecretUnreadable, VaultUnavailable } from './vault.errors'

/** A vault, and whose it is. */
export interface VaultName {
  readonly tenantId: string
  readonly id: string
}

export interface WrittenVersion {
  version: number
  updatedAt: Date
}

export interface ReadSecret extends WrittenVersion {
  value: string
  note: string | null
}

export interface KeptVersion extends WrittenVersion {
  note: string | null
  /** Why it does not open; absent where it does. */
  broken?: string
}

export interface VaultEntry extends WrittenVersion {
  service: string
  name: string
}

/** `broken`: why it does not open; absent where it does. */
export interface CheckedSecret {
  service: string
  name: string
  version: number
  broken?: string
}

/**
 * The secrets of all tenants. Whoever calls has settled who may; nothing here knows of callers.
 *
 * All of it is to be called outside of a transaction of the database.
 *
 * Every method throws VaultUnavailable (503) while the backend or the database is away, and AppError
 * `secret.place_invalid` (422) for a place outside of its grammar.
 */
export interface SecretVault {
  /**
   * Writes a new version. Of writers at once none is lost: each has a version of its own.
   *
   * @param value at most `secretMaxBytes` of UTF-8
   */
  put(place: SecretPlace, value: string, options?: { note?: string | undefined }): Promise<WrittenVersion>
  /**
   * @param version default: the newest
   * @returns null where there is none, or where the version is no longer kept
   * @throws SecretUnreadable
   */
  get(place: SecretPlace, version?: number): Promise<ReadSecret | null>
  /** Whether there is such a secret; nothing is opened. */
  has(place: SecretPlace): Promise<boolean>
  /** The kept ones, newest first, without values. Empty where there is no such secret. */
  versions(place: SecretPlace): Promise<KeptVersion[]>
  /**
   * Writes a kept version again, as the newest.
   *
   * @returns null where it is not kept
   * @throws SecretUnreadable
   */
  restore(place: SecretPlace, version: number): Promise<WrittenVersion | null>
  /** For good, all versions. @returns whether there was one */
  delete(place: SecretPlace): Promise<boolean>
  /**
   * A page of the newest versions, ordered by service, then name; no value is read.
   *
   * @param page.prefix start of `service/name`
   * @param page.after `service/name` of the last one of the page before
   */
  list(
    vault: VaultName,
    page: { prefix?: string | undefined; after?: string | undefined; limit: number },
  ): Promise<VaultEntry[]>
  /** Opens every kept version of every secret. */
  check(vault: VaultName): AsyncIterable<CheckedSecret>
  /** For good: all secrets and the vault's key. Safe to repeat. */
  removeVault(vault: VaultName): Promise<void>
  /** Throws, within 5 seconds, where the backend does not answer or the master key is not the one in use. */
  ping(): Promise<void>
}

/** No further attempt to write is begun after so long. */
const patienceMilliseconds = 10_000
const longestPauseMilliseconds = 50
const checkPage = 200

export function createVault(means: { backend: VaultBackend; keys: VaultKeys; clock: Clock }): SecretVault {
  const { backend, keys, clock } = means
  const inTurn = createKeyedTurns()

  async function put(place: SecretPlace, content: OpenedValue): Promise<WrittenVersion> {
    const key = await keys.make(place.vaultId)
    const deadline = performance.now() + patienceMilliseconds
    for (;;) {
      const version = (await backend.newest(place)) + 1
      const updatedAt = clock.now()
      const writtenAt = updatedAt.getTime()
      const sealed = sealValue(key, content, place, { version, writtenAt })
      if (await backend.append(place, { version, sealed, writtenAt })) return { version, updatedAt }
      if (performance.now() > deadline) throw new VaultUnavailable(new Error('Too many writers at once'))
      await delay(Math.random() * longestPauseMilliseconds)
    }
  }

  async function open(place: SecretPlace, stored: StoredVersion): Promise<OpenedValue> {
    const key = await keys.find(place.vaultId)
    if (!key) throw new SecretUnreadable('Its vault has no key.')
    return openValue(key, stored, place)
  }

  async function get(place: SecretPlace, version?: number): Promise<ReadSecret | null> {
    const stored = await backend.read(place, version)
    if (!stored) return null
    const content = await open(place, stored)
    return { ...content, version: stored.version, updatedAt: new Date(stored.writtenAt) }
  }

  /** Writers of this process wait for each other: only those of other processes can be first. */
  const write = (place: SecretPlace, content: OpenedValue) =>
    inTurn(fullKey(place), () => put(place, content))

  async function versions(place: SecretPlace): Promise<KeptVersion[]> {
    const kept: KeptVersion[] = []
    for (const stored of await backend.versions(place)) {
      const written = { version: stored.version, updatedAt: new Date(stored.writtenAt) }
      try {
        kept.push({ ...written, note: (await open(place, stored)).note })
      } catch (error) {
        if (!(error instanceof SecretUnreadable)) throw error
        kept.push({ ...written, note: null, broken: error.reason })
      }
    }
    return kept
  }

  return {
    async put(place, value, { note } = {}) {
      checkPlace(place)
      if (Buffer.byteLength(value) > secretMaxBytes)
        throw new RangeError(`A value has at most ${secretMaxBytes} bytes`)
      return write(place, { value, note: note ?? null })
    },

    async get(place, version) {
      checkPlace(place)
      return get(place, version)
    },

    async has(place) {
      checkPlace(place)
      return (await backend.newest(place)) > 0
    },

    async versions(place) {
      checkPlace(place)
      return versions(place)
    },

    async restore(place, version) {
      checkPlace(place)
      const former = await get(place, version)
      return former && write(place, { value: former.value, note: former.note })
    },

    async delete(place) {
      checkPlace(place)
      return backend.remove(place)
    },

    async list(vault, page) {
      checkVault(vault)
      const entries = await backend.list(vault.id, page)
      return entries.map(({ writtenAt, ...entry }) => ({ ...entry, updatedAt: new Date(writtenAt) }))
    },

    async *check(vault) {
      checkVault(vault)
      for (let after: string | undefined; ;) {
        const entries = await backend.list(vault.id, { after, limit: checkPage })
        for (const { service, name } of entries)
          for (const { version, broken } of await versions({
            ...{ tenantId: vault.tenantId, vaultId: vault.id },
            ...{ service, name },
          }))
            yield { service, name, version, ...(broken !== undefined && { broken }) }
        const last = entries.at(-1)
        if (!last || entries.length < checkPage) return
        after = `${last.service}/${last.name}`
      }
    },

    async removeVault(vault) {
      checkVault(vault)
      await backend.removeVault(vault.id)
      await keys.remove(vault.id)
    },

    async ping() {
      await Promise.all([backend.ping(), keys.ping()])
    },
  }
}

import { randomBytes } from 'node:crypto'
import { isDatabaseUnavailable, isUniqueViolation } from '#server/storage/database.errors'
import { vaultKeyId as idOf } from '../places'
import { createKeyring, type Keyring } from '../keyring'
import { VaultUnavailable } from '../vault.errors'
import { openMasterKeys, type MasterKeyMeans } from './master-keys'
import { wrappedKeysStore } from './wrapped-keys.store'
import { unwrapKey, wrapKey } from './wrapping'

/** The keys that the master key wraps: one for each vault, and the root of all that Tenantry uses itself. */
export interface VaultKeys {
  /** Keys for Tenantry's own purposes; they outlive a change of the master key. */
  readonly keyring: Keyring
  /** A vault's key, made where there is none: of several at once that make it, in any process, all get the same. */
  make(vaultId: string): Promise<Buffer>
  /** A vault's key; null where nothing was ever put into it. */
  find(vaultId: string): Promise<Buffer | null>
  /** For good: what is sealed with it never opens again. */
  remove(vaultId: string): Promise<void>
  /** Throws VaultUnavailable where the database does not answer, or this process lacks the key in use. */
  ping(): Promise<void>
  close(): Promise<void>
}

/** A key never changes once it is made, whatever wraps it: so it may be kept. */
const keptKeys = 1_000

/**
 * Opens the keys with the operator's secret; on the first start of all it becomes the master key.
 *
 * @throws Error in words for an operator where it is not the master key
 */
export async function openVaultKeys(means: MasterKeyMeans): Promise<VaultKeys> {
  const { database, clock } = means
  const masterKeys = await openMasterKeys(means)
  const known = new Map<string, Buffer>()
  const underWay = new Map<string, Promise<Buffer>>()
  const store = wrappedKeysStore(database.client, clock)

  function keep(id: string, key: Buffer): Buffer {
    const [oldest] = known.keys()
    if (known.size >= keptKeys && oldest !== undefined) known.delete(oldest)
    known.set(id, key)
    return key
  }

  async function find(id: string): Promise<Buffer | null> {
    const kept = known.get(id)
    if (kept) return kept
    const row = await store.find(id)
    return row && keep(id, unwrapKey(await masterKeys.get(row.masterId), row))
  }

  async function create(id: string): Promise<void> {
    // In one transaction with a look at which master key is in use: a rotation never misses a new key.
    const written = masterKeys.withCurrent(async (tx, master) => {
      const keys = wrappedKeysStore(tx, clock)
      if (await keys.find(id)) return
      const wrapped = wrapKey(master.key, randomBytes(32), { id, masterId: master.id })
      await keys.create({ id, masterId: master.id, wrapped })
    })
    await written.catch((error: unknown) => {
      if (!isUniqueViolation(error)) throw error
    })
  }

  async function findOrCreate(id: string): Promise<Buffer> {
    const found = await find(id)
    if (found) return found
    await create(id)
    const made = await find(id)
    if (!made) throw new VaultUnavailable(new Error(`The key ${id} was removed while it was made`))
    return made
  }

  /** Callers at once in this process share one attempt. */
  function make(id: string): Promise<Buffer> {
    const begun = underWay.get(id) ?? findOrCreate(id).finally(() => underWay.delete(id))
    underWay.set(id, begun)
    return begun
  }

  return {
    keyring: createKeyring(await make('root')),
    make: (vaultId) => orUnavailable(make(idOf(vaultId))),
    find: (vaultId) => orUnavailable(find(idOf(vaultId))),
    async remove(vaultId) {
      await orUnavailable(store.remove(idOf(vaultId)))
      known.delete(idOf(vaultId))
    },
    ping: () => orUnavailable(masterKeys.ping()),
    close: async () => masterKeys.close(),
  }
}

/** @throws VaultUnavailable in place of the database's own errors of being away */
async function orUnavailable<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work
  } catch (error) {
    throw isDatabaseUnavailable(error) ? new VaultUnavailable(error) : error
  }
}

import type { Clock } from '#server/lib/clock'
import { newId } from '#server/lib/ids'
import type { Database, DatabaseClient } from '#server/storage/database'
import { VaultUnavailable } from '../vault.errors'
import { masterKeysStore, type MasterKeyRow } from './master-keys.store'
import { deriveKey, newDerivation, type MasterSecret } from './master-secret'
import { openSuccessor } from './succession'
import { isProven, proofOf, type HeldKey } from './wrapping'

/** The master keys that this process holds: the operator's, and those that have followed it meanwhile. */
export interface MasterKeys {
  /** @throws VaultUnavailable where this process neither holds it nor can learn it */
  get(id: string): Promise<Buffer>
  /**
   * Runs work in one transaction with a look at which master key is in use.
   *
   * @throws VaultUnavailable where this process lacks it
   */
  withCurrent<Result>(work: (tx: DatabaseClient, current: HeldKey) => Promise<Result>): Promise<Result>
  /** Looks for keys that follow those held. */
  learn(): Promise<void>
  /** @throws VaultUnavailable where this process lacks the one in use */
  ping(): Promise<void>
}

/**
 * Opens the master key that is in use with the operator's secret; on the first start of all, the secret becomes it.
 *
 * @throws Error in words for an operator where the secret is another
 */
export async function openMasterKeys(means: {
  database: Database
  clock: Clock
  secret: MasterSecret
}): Promise<MasterKeys> {
  const { database, clock } = means
  const store = masterKeysStore(database.client, clock)
  const first = await openFirst(means)
  const held = new Map([[first.id, first.key]])

  async function learn(): Promise<void> {
    const rows = await store.listLive()
    for (let before = 0; before < held.size;) {
      before = held.size
      for (const row of rows) {
        const key = held.get(row.id)
        const next = key && row.successor && openSuccessor(key, row.id, row.successor)
        if (next) held.set(next.id, next.key)
      }
    }
  }

  const missing = () =>
    new VaultUnavailable(
      new Error(
        'The master key was changed and this process has not learned of it: start it with the new one.',
      ),
    )

  async function get(id: string): Promise<Buffer> {
    if (!held.has(id)) await learn()
    const key = held.get(id)
    if (!key) throw missing()
    return key
  }

  return {
    get,
    learn,

    async withCurrent(work) {
      for (let attempt = 1; attempt <= 2; attempt++) {
        const done = await database.transaction(async (tx) => {
          const row = await masterKeysStore(tx, clock).find('current')
          const key = row && held.get(row.id)
          return key && { result: await work(tx, { id: row.id, key }) }
        })
        if (done) return done.result
        await learn()
      }
      throw missing()
    },

    async ping() {
      const current = await store.find('current')
      if (!current) throw missing()
      await get(current.id)
    },
  }
}

/** Of replicas that start at once, one writes down what is known of the master key, and all hold theirs against it. */
async function openFirst(means: {
  database: Database
  clock: Clock
  secret: MasterSecret
}): Promise<HeldKey> {
  const { database, clock, secret } = means
  const found = await masterKeysStore(database.client, clock).find('current')
  const current = found ?? (await writeFirst(means))
  const key = await deriveKey(secret, current)
  if (isProven(key, current)) return { id: current.id, key }
  throw new Error(wrongKey)
}

async function writeFirst(means: {
  database: Database
  clock: Clock
  secret: MasterSecret
}): Promise<MasterKeyRow> {
  const { database, clock, secret } = means
  const described = { id: newId(), ...newDerivation(secret) }
  // Before the transaction, which may be done again: of a passphrase it takes its time.
  const key = await deriveKey(secret, described)
  if (!key) throw new Error('A new derivation is one for its own secret')
  const proof = proofOf(key, described)
  return database.transaction(async (tx) => {
    const store = masterKeysStore(tx, clock)
    return (await store.find('current')) ?? store.create({ ...described, proof, state: 'current' })
  })
}

const wrongKey =
  'MASTER_KEY: this is not the master key that the secrets in this database are sealed with. Start Tenantry with ' +
  'the right one, in MASTER_KEY, MASTER_KEY_FILE, MASTER_PASSPHRASE or DATA_DIR/master.key, from your copy of it. ' +
  'After a rotation that is the new one. Where it is lost, the secrets are lost.'

import type { Clock } from '#server/lib/clock'
import type { Log } from '#server/lib/log'
import { newId } from '#server/lib/ids'
import type { Database, DatabaseClient } from '#server/storage/database'
import type { Signals } from '#server/storage/signals'
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
  /** @throws VaultUnavailable where this process lacks the one in use */
  ping(): Promise<void>
  /** Looks for followers no more. */
  close(): void
}

/** Says that a master key is about to follow, or has. */
export const masterKeyChannel = 'vault.master-key'

/** A signal can be lost, and on SQLite none comes from another process. */
const lookEveryMilliseconds = 15_000

export interface MasterKeyMeans {
  readonly database: Database
  readonly signals: Signals
  readonly clock: Clock
  readonly log: Log
  readonly secret: MasterSecret
  /** Where that was found, for operators. */
  readonly secretFrom?: string
}

/**
 * Opens the master key that is in use with the operator's secret; on the first start of all, the secret becomes it.
 *
 * @throws Error in words for an operator where the secret is another
 */
export async function openMasterKeys(means: MasterKeyMeans): Promise<MasterKeys> {
  const { database, signals, clock, log } = means
  const store = masterKeysStore(database.client, clock)
  const first = await openFirst(means)
  const held = new Map([[first.id, first.key]])

  async function learn(): Promise<void> {
    const rows = await store.listSucceeded()
    for (let before = 0; before < held.size;) {
      before = held.size
      for (const row of rows) {
        const key = held.get(row.id)
        const next = key && row.successor && openSuccessor(key, row.id, row.successor)
        if (next) held.set(next.id, next.key)
      }
    }
  }

  const look = () => {
    learn().catch((error: unknown) => log.warn({ err: error }, 'could not look for another master key'))
  }
  const unsubscribe = signals.subscribe(masterKeyChannel, look)
  const timer = setInterval(look, lookEveryMilliseconds).unref()

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

    close() {
      unsubscribe()
      clearInterval(timer)
    },
  }
}

/** Of replicas that start at once, one writes down what is known of the master key, and all hold theirs against it. */
async function openFirst(means: MasterKeyMeans): Promise<HeldKey> {
  const { database, clock, secret, secretFrom } = means
  const store = masterKeysStore(database.client, clock)
  const current = (await store.find('current')) ?? (await writeFirst(means))
  const key = await deriveKey(secret, current)
  if (isProven(key, current)) return { id: current.id, key }
  const next = await store.find('next')
  throw new Error(
    next && isProven(await deriveKey(secret, next), next) ? unfinished : wrongKey(secretFrom ?? 'MASTER_KEY'),
  )
}

async function writeFirst({ database, clock, secret }: MasterKeyMeans): Promise<MasterKeyRow> {
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

const wrongKey = (from: string) =>
  'MASTER_KEY: this is not the master key that the secrets of this database are sealed with. It was taken from ' +
  `${from}. Start Tenantry with the right one, from your copy of it, in MASTER_KEY, MASTER_KEY_FILE, ` +
  "MASTER_PASSPHRASE, the operating system's keyring or DATA_DIR/master.key. After a rotation that is the new one. " +
  'Without it, what is sealed is lost.'

const unfinished =
  'MASTER_KEY: a rotation to this master key is not finished. Finish it with `tenantry vault rotate`, or start ' +
  'Tenantry with the former one until then.'

import { setTimeout as delay } from 'node:timers/promises'
import type { Clock } from '#server/lib/clock'
import { newId } from '#server/lib/ids'
import type { Database } from '#server/storage/database'
import type { Signals } from '#server/storage/signals'
import { masterKeysStore, type MasterKeyRow } from './keys/master-keys.store'
import { masterKeyChannel } from './keys/master-keys'
import { deriveKey, newDerivation, type MasterSecret } from './keys/master-secret'
import { sealSuccessor } from './keys/succession'
import { wrappedKeysStore, type WrappedKeyRow } from './keys/wrapped-keys.store'
import { isProven, proofOf, unwrapKey, wrapKey, type HeldKey } from './keys/wrapping'

export type { MasterSecret } from './keys/master-secret'

export interface RotationMeans {
  readonly database: Database
  readonly signals: Signals
  readonly clock: Clock
}

export interface RotationOptions {
  /** The master secret in use. */
  readonly from: MasterSecret
  /** The one that takes its place. */
  readonly to: MasterSecret
  /** Told after each batch; `total` grows where keys are made meanwhile. What it throws ends the rotation there. */
  readonly onProgress?: (done: number, total: number) => void
  /**
   * For so long after the change, processes that started with the former key can still learn the new one; then the
   * way from one to the other is removed.
   */
  readonly graceSeconds?: number
  /** Ends it; what was done stays, and the next one goes on from there. */
  readonly signal?: AbortSignal
}

const batchSize = 100
const atOnce = 5

/**
 * Puts another master key in the place of the one in use: every key that it wraps is wrapped anew, and no value is
 * touched. Running processes go on throughout. Wherever it is cut off, calling it again with the same secrets finishes
 * it; of two at once both finish.
 *
 * @returns how many keys this call has wrapped anew
 * @throws Error in words for an operator where `from` is not the master key in use, and where a rotation to another
 *   key is under way
 */
export async function rotate(
  means: RotationMeans,
  { from, to, onProgress, graceSeconds = 60, signal }: RotationOptions,
): Promise<{ rewrapped: number }> {
  const pair = await openPair(means, from, to)
  const rewrapped = pair ? await replace(means, pair, onProgress, signal) : 0
  means.signals.publish(masterKeyChannel, 'changed')
  await delay(graceSeconds * 1000, undefined, signal && { signal })
  await masterKeysStore(means.database.client, means.clock).forgetSuccessors()
  return { rewrapped }
}

interface Pair {
  readonly present: HeldKey
  readonly next: HeldKey
}

/** @returns undefined where the change was made already */
async function openPair(
  means: RotationMeans,
  from: MasterSecret,
  to: MasterSecret,
): Promise<Pair | undefined> {
  const { database, clock } = means
  const store = masterKeysStore(database.client, clock)
  const current = await store.find('current')
  if (!current) throw new Error('There is no master key yet: start Tenantry with the one that you want.')
  if (isProven(await deriveKey(to, current), current)) return undefined
  const key = await deriveKey(from, current)
  if (!isProven(key, current))
    throw new Error('The former master key is not the one in use. Nothing was changed.')
  const present = { id: current.id, key }
  const begun = (await store.find('next')) ?? (await begin(means, present, to))
  const next = await deriveKey(to, begun)
  if (!isProven(next, begun))
    throw new Error('A rotation to another master key is under way. Finish it with that key first.')
  return { present, next: { id: begun.id, key: next } }
}

/** Writes down what is known of the next key, and lets running processes learn it, in one transaction. */
async function begin(
  { database, clock }: RotationMeans,
  present: HeldKey,
  to: MasterSecret,
): Promise<MasterKeyRow> {
  const described = { id: newId(), ...newDerivation(to) }
  const key = await deriveKey(to, described)
  if (!key) throw new Error('A new derivation is one for its own secret')
  return database.transaction(async (tx) => {
    const store = masterKeysStore(tx, clock)
    const begun = await store.find('next')
    if (begun) return begun
    await store.publish(present.id, sealSuccessor(present, { id: described.id, key }))
    return store.create({ ...described, proof: proofOf(key, described), state: 'next' })
  })
}

async function replace(
  means: RotationMeans,
  pair: Pair,
  onProgress: RotationOptions['onProgress'],
  signal: AbortSignal | undefined,
): Promise<number> {
  const { database, clock, signals } = means
  const keys = wrappedKeysStore(database.client, clock)
  signals.publish(masterKeyChannel, 'next')
  let done = 0
  for (;;) {
    signal?.throwIfAborted()
    const batch = await keys.listWrappedBy(pair.present.id, batchSize)
    if (batch.length === 0 && (await promote(means, pair))) return done
    // One statement each: nobody who makes a key meanwhile has to wait for a transaction.
    for (let start = 0; start < batch.length; start += atOnce)
      await Promise.all(
        batch.slice(start, start + atOnce).map((row) => keys.rewrap(rewrapped(pair, row), row)),
      )
    done += batch.length
    if (batch.length > 0) onProgress?.(done, done + (await keys.countWrappedBy(pair.present.id)))
  }
}

function rewrapped({ present, next }: Pair, row: WrappedKeyRow): WrappedKeyRow {
  const key = unwrapKey(present.key, row)
  const target = { id: row.id, masterId: next.id }
  const wrapped = { ...target, wrapped: wrapKey(next.key, key, target) }
  if (!unwrapKey(next.key, wrapped).equals(key)) throw new Error(`The key ${row.id} does not open anew`)
  return wrapped
}

/**
 * Keys are made in a transaction that reads which master key is current. So none that the former one wraps is made
 * beside this transaction, which has counted them.
 *
 * @returns false where there are some still
 */
function promote({ database, clock }: RotationMeans, { present, next }: Pair): Promise<boolean> {
  return database.transaction(async (tx) => {
    if ((await wrappedKeysStore(tx, clock).countWrappedBy(present.id)) > 0) return false
    const store = masterKeysStore(tx, clock)
    // Another rotation to the same key can have been quicker.
    if ((await store.find('current'))?.id === present.id) await store.promote(present.id, next.id)
    return true
  })
}

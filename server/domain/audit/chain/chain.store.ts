import { randomInt } from 'node:crypto'
import { beforeCommit } from '#server/storage/transactions'
import { isUniqueViolation } from '#server/storage/database.errors'
import type { DatabaseClient } from '#server/storage/database'
import { auditError } from '../audit.errors'
import { chainCount, hashOfEntry, isGenuine, macOfHead, type ChainedFields, type Head } from './format'

type NewEntry = Omit<
  Parameters<DatabaseClient['auditEntry']['create']>[0]['data'],
  'chain' | 'sequence' | 'hash'
> &
  ChainedFields

/** What a transaction has to add, and where. */
interface Adding {
  entries: NewEntry[]
  /** Where it added already. */
  head?: Head
}

const ofTransaction = new WeakMap<DatabaseClient, Adding>()

/**
 * Adds an entry to the audit with the transaction that it is called in: when its work is over, all its entries are
 * written at once, as links of one chain. Two more statements for a transaction, however many its entries.
 *
 * @param key of the heads' authenticity: what was altered is not added to, lest its new head covers it up
 * @throws Error outside of a transaction
 */
export function addToChain(tx: DatabaseClient, key: Buffer, entry: NewEntry): void {
  const adding = ofTransaction.get(tx)
  if (adding) {
    adding.entries.push(entry)
    return
  }
  const begun = { entries: [entry] }
  beforeCommit(tx, () => write(tx, key, begun))
  ofTransaction.set(tx, begun)
}

/** Writes what the transaction is to add, so that its own readings see it. */
export async function addNow(db: DatabaseClient, key: Buffer): Promise<void> {
  const adding = ofTransaction.get(db)
  if (adding) await write(db, key, adding)
}

/** @throws AppError audit.broken */
async function write(tx: DatabaseClient, key: Buffer, adding: Adding): Promise<void> {
  const entries = adding.entries.splice(0)
  if (entries.length === 0) return
  const before = adding.head ?? (await findHead(tx, key))
  const { chain } = before
  let { sequence, hash } = before
  const links = entries.map((entry) => {
    sequence += 1
    hash = hashOfEntry(entry, { chain, sequence }, hash)
    return { ...entry, chain, sequence, hash }
  })
  const head = { chain, sequence, hash }
  // The head first: of two writers at once, the one who is later finds a conflict here, and works again.
  const moved = await tx.auditChain.updateMany({
    where: { id: chain, sequence: before.sequence },
    data: { sequence, hash, mac: macOfHead(key, head) },
  })
  if (moved.count !== 1) throw auditError('audit.broken')
  try {
    await tx.auditEntry.createMany({ data: links })
  } catch (error) {
    // Somebody else put a row where the chain goes on.
    throw isUniqueViolation(error) ? auditError('audit.broken', { cause: error }) : error
  }
  adding.head = head
}

/** The head of a chain taken by chance, or of the next one that nobody altered. */
async function findHead(tx: DatabaseClient, key: Buffer): Promise<Head> {
  const first = randomInt(1, chainCount + 1)
  const usual = await tx.auditChain.findUnique({ where: { id: first } })
  if (usual && isGenuine(key, { chain: usual.id, ...usual })) return { chain: usual.id, ...usual }
  const others = await tx.auditChain.findMany({ where: { id: { gte: 1, lte: chainCount } } })
  const whole = others
    .map(({ id, ...head }) => ({ chain: id, ...head }))
    .filter((head) => isGenuine(key, head))
    .sort((one, two) => distance(first, one.chain) - distance(first, two.chain))
  if (!whole[0]) throw auditError('audit.broken')
  return whole[0]
}

const distance = (from: number, to: number) => (to - from + chainCount) % chainCount

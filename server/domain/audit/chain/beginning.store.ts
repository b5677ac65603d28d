import type { Database, DatabaseClient } from '#server/storage/database'
import { beginningChain, hashOfEntry, macOfHead } from './format'

/** Entries of one transaction. */
const batch = 500

/**
 * Chains the entries of before there were chains, in the order of their ids, once: on the first start after the
 * migration, before this process adds an entry. Resumable, and safe to run on every replica at once.
 * It shows what happens to them from now on; what was done to them before can't be told.
 *
 * @returns `done` also where somebody did it before; `refused` where entries were added to other chains already, so that
 *   what stands there may have been put there since: it is left as it is, and shown by the verification
 */
export async function sealBeginning(database: Database, key: Buffer): Promise<'done' | 'refused'> {
  for (;;) {
    const outcome = await database.transaction((tx) => sealBatch(tx, key))
    if (outcome !== 'more') return outcome
  }
}

async function sealBatch(tx: DatabaseClient, key: Buffer): Promise<'done' | 'more' | 'refused'> {
  const head = await tx.auditChain.findUnique({ where: { id: beginningChain } })
  if (!head) return 'refused'
  if (head.mac !== '') return 'done'
  const moved = await tx.auditChain.findFirst({ where: { id: { not: beginningChain }, sequence: { gt: 0 } } })
  if (moved) return 'refused'
  const rows = await tx.auditEntry.findMany({
    where: { chain: beginningChain, sequence: { gt: head.sequence } },
    orderBy: { sequence: 'asc' },
    take: batch,
  })
  let { hash } = head
  const links = rows.map((row) => {
    hash = hashOfEntry(row, row, hash)
    return { id: row.id, hash }
  })
  await writeHashes(tx, links)
  const sequence = rows.at(-1)?.sequence ?? head.sequence
  const isLast = rows.length < batch
  const mac = isLast ? macOfHead(key, { chain: beginningChain, sequence, hash }) : ''
  await tx.auditChain.update({ where: { id: beginningChain }, data: { sequence, hash, mac } })
  return isLast ? 'done' : 'more'
}

/** All by one statement; both databases name the columns of VALUES `column1` and `column2`. */
async function writeHashes(tx: DatabaseClient, links: { id: string; hash: string }[]): Promise<void> {
  if (links.length === 0) return
  const values = links.map((_, index) => `($${2 * index + 1}, $${2 * index + 2})`).join(', ')
  await tx.$executeRawUnsafe(
    `UPDATE "AuditEntry" SET "hash" = given.column2 FROM (VALUES ${values}) AS given
     WHERE "AuditEntry"."id" = given.column1`,
    ...links.flatMap(({ id, hash }) => [id, hash]),
  )
}

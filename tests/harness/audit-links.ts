import { auditStore } from '#server/domain/audit/audit.store'
import { systemClock } from '#server/lib/clock'
import type { Database, DatabaseClient } from '#server/storage/database'
import { newId } from '#server/lib/ids'
import { hashOfEntry, macOfHead } from '#server/domain/audit/chain/format'
import { auditKey } from './audit'

const noHead = { sequence: 0, hash: '', mac: '' }

/** The audit as nobody has added to it yet. */
export async function clearAudit(db: DatabaseClient): Promise<void> {
  await db.auditEntry.deleteMany()
  await db.auditExport.deleteMany()
  await db.auditExportedHead.deleteMany()
  await db.auditChain.deleteMany()
  await db.auditChain.createMany({ data: Array.from({ length: 129 }, (_, id) => ({ id, ...noHead })) })
}

/** Adds entries by one transaction, so to one chain. @returns them as they stand there */
export async function addLinks(database: Database, count: number, tenantId?: string) {
  const requestId = crypto.randomUUID()
  await database.transaction(async (tx) => {
    const store = auditStore(tx, {
      ...{ clock: systemClock, actor: { kind: 'user', id: 'ada' }, requestId, auditKey },
      ...(tenantId !== undefined && { tenantId }),
    })
    for (let index = 1; index <= count; index++)
      await store.record({
        action: 'settings.changed',
        subject: { kind: 'settings', id: 'portal' },
        before: { portalName: `Name ${index}`, count: index - 0.5 },
        after: { portalName: 'Ämter "&" <Co>', count: index, gone: null },
      })
  })
  return database.client.auditEntry.findMany({ where: { requestId }, orderBy: { sequence: 'asc' } })
}

/** A long chain, as so many transactions would have left it. */
export async function seedChain(db: DatabaseClient, chain: number, count: number): Promise<void> {
  let [hash, sequence] = ['', 0]
  while (sequence < count) {
    const links = Array.from({ length: Math.min(250, count - sequence) }, () => {
      const entry = {
        ...{ id: newId(), at: new Date(), actorKind: 'system' as const, actorId: null, requestId: 'seed' },
        ...{ action: 'settings.changed', subjectKind: 'settings', subjectId: 'portal', tenantId: null },
        ...{ before: { portalName: 'One' }, after: { portalName: 'Another' } },
      }
      sequence += 1
      hash = hashOfEntry(entry, { chain, sequence }, hash)
      return { ...entry, chain, sequence, hash }
    })
    await db.auditEntry.createMany({ data: links })
  }
  const mac = macOfHead(auditKey, { chain, sequence, hash })
  await db.auditChain.update({ where: { id: chain }, data: { sequence, hash, mac } })
}

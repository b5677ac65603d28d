import { afterEach, expect, it } from 'vitest'
import { auditKey } from '~~/tests/harness/audit'
import { describeEachDatabase } from '~~/tests/harness/databases'
import { newId } from '#server/lib/ids'
import { sealBeginning } from './beginning.store'
import { hashOfEntry, isGenuine } from './format'

describeEachDatabase('the entries of before the chains', (given) => {
  const db = () => given.database.client
  const make = (count: number, from = 1) =>
    db().auditEntry.createMany({
      data: Array.from({ length: count }, (_, index) => ({
        ...{ id: newId(), at: new Date(), actorKind: 'user' as const, actorId: 'u', action: 'tenant.tried' },
        ...{ subjectKind: 'tenant', subjectId: 't', requestId: `${index}`, before: { b: 1, a: null } },
        ...{ chain: 0, sequence: from + index, hash: '' },
      })),
    })
  const head = () => db().auditChain.findUniqueOrThrow({ where: { id: 0 } })

  afterEach(async () => {
    await db().auditEntry.deleteMany()
    await db().auditChain.updateMany({ data: { sequence: 0, hash: '', mac: '' } })
  })

  it('are chained once, page by page, by two replicas at once', async () => {
    await make(1_203)
    const other = await given.openAnother()
    expect(
      await Promise.all([sealBeginning(given.database, auditKey), sealBeginning(other, auditKey)]),
    ).toEqual(['done', 'done'])
    const rows = await db().auditEntry.findMany({ orderBy: { sequence: 'asc' } })
    let previous = ''
    for (const row of rows) {
      expect(row.hash).toBe(hashOfEntry(row, row, previous))
      previous = row.hash
    }
    expect(await head()).toMatchObject({ sequence: 1_203, hash: previous })
    expect(isGenuine(auditKey, { ...(await head()), chain: 0 })).toBe(true)
  })

  it('take nobody in who comes later', async () => {
    expect(await sealBeginning(given.database, auditKey)).toBe('done')
    const sealed = await head()
    await make(1)
    expect(await sealBeginning(given.database, auditKey)).toBe('done')
    expect(await head()).toEqual(sealed)
    await db().auditChain.update({ where: { id: 3 }, data: { sequence: 1 } })
    await db().auditChain.update({ where: { id: 0 }, data: { mac: '' } })
    expect(await sealBeginning(given.database, auditKey)).toBe('refused')
    expect((await head()).sequence).toBe(0)
  })
})

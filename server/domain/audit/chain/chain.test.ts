import { afterEach, describe, expect, it } from 'vitest'
import { auditKey } from '~~/tests/harness/audit'
import { describeEachDatabase } from '~~/tests/harness/databases'
import { listenToStatements } from '~~/tests/harness/statements'
import { systemClock } from '#server/lib/clock'
import { newId } from '#server/lib/ids'
import type { DatabaseClient } from '#server/storage/database'
import { auditStore } from '../audit.store'
import { canonical, chainCount, hashOfEntry, isGenuine, macOfHead } from './format'

describe('the canonical form', () => {
  it('is that of RFC 8785, whatever order members come in', () => {
    // Section 3.2.3: sorted as UTF-16, where the emoji comes before the Hebrew letter.
    const sorted = ['\r', '1', '\u0080', '\u00f6', '\u20ac', '\ud83d\ude00', '\ufb33']
    const value = Object.fromEntries(sorted.toReversed().map((name) => [name, null]))
    expect(canonical(value)).toBe(`{${sorted.map((name) => `${JSON.stringify(name)}:null`).join(',')}}`)
    expect(canonical({ b: [1, { d: null, c: true }], a: 'é"' })).toBe(
      '{"a":"é\\"","b":[1,{"c":true,"d":null}]}',
    )
  })
})

describe('a head', () => {
  it('is genuine with its own place and hash alone, by the very key', () => {
    const head = { chain: 1, sequence: 7, hash: 'a'.repeat(64) }
    const mac = macOfHead(auditKey, head)
    expect(isGenuine(auditKey, { ...head, mac })).toBe(true)
    for (const altered of [
      { chain: 2 },
      { sequence: 6 },
      { hash: 'b'.repeat(64) },
      { mac: '' },
      { mac: 'é' },
    ])
      expect(isGenuine(auditKey, { ...head, mac, ...altered })).toBe(false)
    expect(isGenuine(Buffer.alloc(32), { ...head, mac })).toBe(false)
    expect(isGenuine(auditKey, { chain: 1, sequence: 0, hash: '', mac: '' })).toBe(true)
  })
})

describeEachDatabase('the chains of the audit', (given) => {
  const storeOf = (db: DatabaseClient, tenantId?: string) =>
    auditStore(db, {
      ...{ clock: systemClock, actor: { kind: 'system' }, requestId: 'test', auditKey },
      ...(tenantId !== undefined && { tenantId }),
    })
  const note = (action: string, after: Record<string, string | number> = {}) => ({
    ...{ action, subject: { kind: 'portal' as const, id: 'p' } },
    after,
  })
  const db = () => given.database.client

  afterEach(async () => {
    await db().auditEntry.deleteMany()
    await db().auditChain.updateMany({ data: { sequence: 0, hash: '', mac: '' } })
  })

  it('links what one transaction says, in its order, and moves the head along', async () => {
    await given.database.transaction(async (tx) => {
      await storeOf(tx, 'acme').record(note('portal.first', { b: 1.5, a: 'ä\u2028"', z: -0 }))
      await storeOf(tx).record(note('portal.second'))
    })
    const rows = await db().auditEntry.findMany({ orderBy: { sequence: 'asc' } })
    expect(rows.map(({ action, sequence }) => [action, sequence])).toEqual([
      ['portal.first', 1],
      ['portal.second', 2],
    ])
    const [first, second] = rows
    if (!first || !second) throw new Error('two rows were read')
    expect(first.hash).toBe(hashOfEntry(first, first, ''))
    expect(second.hash).toBe(hashOfEntry(second, second, first.hash))
    const head = await db().auditChain.findUniqueOrThrow({ where: { id: first.chain } })
    expect(head).toMatchObject({ sequence: 2, hash: second.hash })
    expect(isGenuine(auditKey, { ...head, chain: head.id })).toBe(true)
  })

  it('writes nothing where the work throws, and refuses outside of a transaction', async () => {
    const failing = given.database.transaction(async (tx) => {
      await storeOf(tx).record(note('portal.lost'))
      throw new Error('no')
    })
    await expect(failing).rejects.toThrow('no')
    await expect(storeOf(db()).record(note('portal.lost'))).rejects.toThrow("transaction's client")
    expect(await db().auditEntry.count()).toBe(0)
    expect(await db().auditChain.count({ where: { sequence: { gt: 0 } } })).toBe(0)
  })

  it('shows a transaction its own entries, and goes on behind them', async () => {
    await given.database.transaction(async (tx) => {
      const store = storeOf(tx)
      const since = new Date(0)
      const { subject } = note('portal.seen')
      expect(await store.saysSince(since, 'portal.seen', subject)).toBe(false)
      await store.record(note('portal.seen'))
      expect(await store.saysSince(since, 'portal.seen', subject)).toBe(true)
      await store.record(note('portal.after'))
    })
    const rows = await db().auditEntry.findMany({ orderBy: { sequence: 'asc' } })
    expect(rows.map(({ sequence }) => sequence)).toEqual([1, 2])
    expect(new Set(rows.map(({ chain }) => chain)).size).toBe(1)
  })

  it('takes two statements beside the entry itself, of one entry and of five', async () => {
    const listening = listenToStatements()
    try {
      for (const count of [1, 5]) {
        listening.take()
        await given.database.transaction(async (tx) => {
          for (let index = 0; index < count; index++) await storeOf(tx).record(note('portal.counted'))
        })
        expect(listening.take()).toHaveLength(3)
      }
    } finally {
      listening.stop()
    }
  })

  it('does not go on behind a head that was altered: evidence stays, and so does the service', async () => {
    await db().auditChain.updateMany({ data: { mac: 'f'.repeat(64) } })
    const add = () => given.database.transaction((tx) => storeOf(tx).record(note('portal.tried')))
    await expect(add()).rejects.toThrow(expect.objectContaining({ code: 'audit.broken' }))
    await db().auditChain.update({ where: { id: 17 }, data: { mac: '' } })
    await add()
    expect(await db().auditEntry.findMany({ select: { chain: true } })).toEqual([{ chain: 17 }])
  })

  it('does not go on where a row was put behind the head', async () => {
    await db().auditChain.updateMany({ where: { id: { not: 5 } }, data: { mac: 'f'.repeat(64) } })
    await db().auditEntry.create({
      data: {
        ...{ id: newId(), at: new Date(), actorKind: 'system', action: 'portal.planted' },
        ...{ subjectKind: 'portal', subjectId: 'p', requestId: 'x', chain: 5, sequence: 1, hash: '' },
      },
    })
    const add = given.database.transaction((tx) => storeOf(tx).record(note('portal.tried')))
    await expect(add).rejects.toThrow(expect.objectContaining({ code: 'audit.broken' }))
  })

  it.each([
    ['in as many tenants', (index: number) => `tenant-${index}`],
    ['in one tenant', () => 'tenant'],
  ])('takes 50 changes at once %s, over two replicas', async (_, tenantOf) => {
    // With what it knows of a table so small, the planner would rather read all of it.
    await db().$executeRawUnsafe('ANALYZE')
    const replicas = [given.database, await given.openAnother()]
    let works = 0
    await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        replicas[index % 2]?.transaction(async (tx) => {
          works += 1
          await storeOf(tx, tenantOf(index)).record(note('portal.busy', { index }))
        }),
      ),
    )
    const rows = await db().auditEntry.findMany()
    expect(rows).toHaveLength(50)
    const heads = await db().auditChain.findMany({ where: { sequence: { gt: 0 } } })
    expect(heads.every((head) => isGenuine(auditKey, { ...head, chain: head.id }))).toBe(true)
    expect(heads.reduce((sum, { sequence }) => sum + sequence, 0)).toBe(50)
    expect(heads.every(({ id }) => id >= 1 && id <= chainCount)).toBe(true)
    // A few meet in a chain; a single one would have them wait for each other by the dozen.
    expect(works).toBeLessThan(100)
  })
})

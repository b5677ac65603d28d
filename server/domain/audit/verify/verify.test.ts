import { beforeEach, expect, it } from 'vitest'
import { auditKey } from '~~/tests/harness/audit'
import { addLinks, clearAudit, seedChain } from '~~/tests/harness/audit-links'
import { describeEachDatabase } from '~~/tests/harness/databases'
import type { DatabaseClient } from '#server/storage/database'
import { hashOfEntry } from '../chain/format'
import { verifyAudit, type VerifyOptions } from './verify'

describeEachDatabase('the verification of the audit', (given) => {
  const db = () => given.database.client
  const run = (sql: string, ...values: unknown[]) => db().$executeRawUnsafe(sql, ...values)
  const verify = (options: Partial<VerifyOptions> = {}) =>
    verifyAudit(given.database, { auditKey, ...options })
  const findings = async () => (await verify()).findings
  /** Seven entries, the newest of a chain; the others may stand there too. */
  const make = async () => {
    await addLinks(given.database, 3, 'acme')
    await addLinks(given.database, 2)
    const links = await addLinks(given.database, 7)
    const [first] = links
    if (!first) throw new Error('seven entries were made')
    const at = (index: number) => links[index - 1] ?? first
    return { chain: first.chain, start: first.sequence - 1, links, at }
  }
  type Made = Awaited<ReturnType<typeof make>>

  beforeEach(() => clearAudit(db()))

  it('finds nothing where nobody touched anything', async () => {
    await make()
    expect(await verify()).toEqual({ entries: 12, exports: 0, found: 0, findings: [], next: null })
  })

  it.each<[string, (made: Made) => Promise<unknown>]>([
    ['an action', ({ at }) => run(`UPDATE "AuditEntry" SET "action" = 'x.y' WHERE "id" = $1`, at(3).id)],
    ['who acted', ({ at }) => run(`UPDATE "AuditEntry" SET "actorId" = 'eve' WHERE "id" = $1`, at(3).id)],
    ['the tenant', ({ at }) => run(`UPDATE "AuditEntry" SET "tenantId" = 'eve' WHERE "id" = $1`, at(3).id)],
    [
      'what it was after',
      ({ at }) => db().auditEntry.update({ where: { id: at(3).id }, data: { after: { count: 4 } } }),
    ],
    [
      'the moment',
      ({ at }) => db().auditEntry.update({ where: { id: at(3).id }, data: { at: new Date(0) } }),
    ],
    ['its id', ({ at }) => run(`UPDATE "AuditEntry" SET "id" = 'another' WHERE "id" = $1`, at(3).id)],
  ])('finds an entry where %s was changed', async (_, change) => {
    const made = await make()
    await change(made)
    const { chain, start } = made
    expect(await findings()).toEqual([
      { kind: 'changed', chain, sequence: start + 3, id: expect.any(String) as string },
    ])
  })

  it('finds one removed in the middle, several, and the newest', async () => {
    const { chain, start, at } = await make()
    await run(`DELETE FROM "AuditEntry" WHERE "id" = $1`, at(2).id)
    await run(`DELETE FROM "AuditEntry" WHERE "id" IN ($1, $2)`, at(4).id, at(5).id)
    await run(`DELETE FROM "AuditEntry" WHERE "id" = $1`, at(7).id)
    expect(await findings()).toEqual([
      { kind: 'removed', chain, sequence: start + 2 },
      { kind: 'removed', chain, sequence: start + 4, until: start + 5 },
      { kind: 'removed', chain, sequence: start + 7 },
    ])
    expect((await verify()).found).toBe(4)
  })

  it('finds one inserted behind the newest, in a chain that there is none of, and before the first', async () => {
    const { at, chain } = await make()
    const head = await db().auditChain.findUniqueOrThrow({ where: { id: chain } })
    const { before, after, ...fields } = at(1)
    const json = { before: before ?? {}, after: after ?? {} }
    const [spare] = await db().auditChain.findMany({ where: { sequence: 0, id: { gt: 0 } }, take: 1 })
    const places = [
      [chain, head.sequence + 1],
      [500, 1],
      [chain, -3],
      [0, 1],
      [spare?.id ?? 0, 1],
    ] as const
    for (const [index, [of, sequence]] of places.entries()) {
      const place = { chain: of, sequence, id: `planted-${index}` }
      const link = { ...fields, ...json, ...place }
      await db().auditEntry.create({ data: { ...link, hash: hashOfEntry(link, place, head.hash) } })
    }
    const found = await verify()
    const inserted = found.findings.filter(({ kind }) => kind === 'inserted')
    for (const [of, sequence] of places)
      expect(inserted).toContainEqual(expect.objectContaining({ chain: of, sequence }))
    expect(inserted).toHaveLength(5)
  })

  it('finds two swapped, and their places swapped', async () => {
    const { chain, start, at } = await make()
    await run(`UPDATE "AuditEntry" SET "sequence" = -1 WHERE "id" = $1`, at(2).id)
    await run(`UPDATE "AuditEntry" SET "sequence" = $1 WHERE "id" = $2`, start + 2, at(5).id)
    await run(`UPDATE "AuditEntry" SET "sequence" = $1 WHERE "id" = $2`, start + 5, at(2).id)
    const found = await findings()
    expect(found).toContainEqual({ kind: 'changed', chain, sequence: start + 2, id: at(5).id })
    expect(found).toContainEqual({ kind: 'changed', chain, sequence: start + 5, id: at(2).id })
    await clearAudit(db())
    const again = await make()
    const [one, two] = [again.at(2), again.at(5)]
    await run(`UPDATE "AuditEntry" SET "requestId" = 'two' WHERE "id" = $1`, one.id)
    await run(`UPDATE "AuditEntry" SET "requestId" = 'one' WHERE "id" = $1`, two.id)
    expect((await findings()).map(({ kind, sequence }) => [kind, sequence])).toEqual([
      ['changed', again.start + 2],
      ['changed', again.start + 5],
    ])
  })

  it('finds a chain that was written anew with good hashes, as its head can not be', async () => {
    const { chain } = await make()
    const rows = await db().auditEntry.findMany({ where: { chain }, orderBy: { sequence: 'asc' } })
    let hash = ''
    for (const row of rows) {
      hash = hashOfEntry({ ...row, actorId: 'eve' }, row, hash)
      await run(`UPDATE "AuditEntry" SET "actorId" = 'eve', "hash" = $1 WHERE "id" = $2`, hash, row.id)
    }
    const sequence = rows.length
    expect(await findings()).toEqual([{ kind: 'head_differs', chain, sequence }])
    await run(`UPDATE "AuditChain" SET "hash" = $1 WHERE "id" = $2`, hash, chain)
    expect(await findings()).toEqual([{ kind: 'head_forged', chain, sequence }])
  })

  it('finds a head that was set back, removed, or brought from another chain', async () => {
    const { chain } = await make()
    const newest = (await db().auditChain.findUniqueOrThrow({ where: { id: chain } })).sequence
    await run(`UPDATE "AuditChain" SET "sequence" = $1 WHERE "id" = $2`, newest - 1, chain)
    expect(await findings()).toEqual([
      { kind: 'head_forged', chain, sequence: newest - 1 },
      { kind: 'inserted', chain, sequence: newest },
    ])
    await run(`DELETE FROM "AuditChain" WHERE "id" = $1`, chain)
    expect(await findings()).toEqual([{ kind: 'head_missing', chain, sequence: newest }])
  })

  it('finds a table that was emptied, with its heads and without', async () => {
    await make()
    await run('DELETE FROM "AuditEntry"')
    expect(await verify()).toMatchObject({ found: 12, entries: 0 })
    await run('DELETE FROM "AuditChain"')
    const { found, findings } = await verify()
    expect(found).toBe(129)
    expect(findings[0]).toEqual({ kind: 'head_missing', chain: 0, sequence: 0 })
    expect(findings).toHaveLength(100)
  })

  it('stops when its time is over, and goes on from there to the same findings', async () => {
    const { chain, start, at } = await make()
    await run(`UPDATE "AuditEntry" SET "action" = 'x.y' WHERE "id" = $1`, at(3).id)
    const found: unknown[] = []
    let entries = 0
    let rounds = 0
    for (let from: VerifyOptions['from'] | null; from !== null; rounds++) {
      const part = await verify({ from, mayGoOn: () => false })
      entries += part.entries
      found.push(...part.findings)
      from = part.next
    }
    expect(rounds).toBeGreaterThan(100)
    expect(entries).toBe(12)
    expect(found).toEqual([{ kind: 'changed', chain, sequence: start + 3, id: at(3).id }])
  })

  it('goes along with entries that are added meanwhile', async () => {
    await seedChain(db(), 9, 1_500)
    const adding = Array.from({ length: 10 }, () => addLinks(given.database, 1))
    const [{ found }] = await Promise.all([verify(), ...adding])
    expect(found).toBe(0)
    expect(await verify()).toMatchObject({ found: 0, entries: 1_510 })
  })

  it('accuses nobody where the first of a chain are added between its page and its head', async () => {
    let heads = 0
    type Asked = Parameters<DatabaseClient['auditChain']['findUnique']>[0]
    const findUnique = async (asked: Asked) => {
      if (asked.where.id === 9 && heads++ === 0) await seedChain(db(), 9, 3)
      return db().auditChain.findUnique(asked)
    }
    const client = new Proxy(db(), {
      get: (target, name) =>
        name === 'auditChain' ? { findUnique } : (Reflect.get(target, name) as unknown),
    })
    const verification = await verifyAudit({ client }, { auditKey })
    expect(verification).toMatchObject({ found: 0, entries: 3 })
    expect(heads).toBeGreaterThan(1)
  })

  it('looks at 20,000 entries within seconds', { timeout: 180_000 }, async () => {
    await seedChain(db(), 1, 15_000)
    await seedChain(db(), 128, 5_000)
    const start = performance.now()
    let told = 0
    const { entries, found } = await verify({ onProgress: (so) => (told = so) })
    const seconds = (performance.now() - start) / 1000
    process.stdout.write(
      `${given.provider}: 20,000 entries in ${seconds.toFixed(2)} s, ${Math.round(20_000 / seconds)} a second\n`,
    )
    expect([entries, found, told]).toEqual([20_000, 0, 20_000])
    expect(seconds).toBeLessThan(20)
  })
})

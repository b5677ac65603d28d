import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { clearAudit } from '../harness/audit-links'
import { describeEachDatabase } from '../harness/databases'
import type { HttpClient } from '../harness/http'
import { claimInDatabase, TestMachine } from '../harness/machine'
import { startPortal, TestClock, type Portal } from '../harness/portal'

const path = '/api/audit/verify'
interface Place {
  chain: number
  sequence: number
}

describeEachDatabase('POST /api/audit/verify', (given) => {
  const clock = new TestClock()
  let portal: Portal
  let boss: HttpClient
  const db = () => given.database.client
  const run = (sql: string, ...values: unknown[]) => db().$executeRawUnsafe(sql, ...values)

  beforeAll(async () => {
    portal = await startPortal(given.url, { clock })
    boss = await portal.operator()
    await boss.post('/api/tenants', { slug: 'acme', name: 'Acme' })
  })
  afterAll(() => portal.close())

  /** Changes of the portal's name, each an entry of its own, in a chain taken by chance. */
  beforeEach(async () => {
    await clearAudit(db())
    for (let index = 1; index <= 6; index += 1)
      expect((await boss.patch('/api/tenants/acme', { name: `Acme ${index}` })).status).toBe(200)
  })
  const verify = async (from?: Place) => {
    const { status, json } = await boss.post(path, from ? { from } : {})
    expect(status).toBe(200)
    return json
  }
  const entries = () => db().auditEntry.findMany({ orderBy: [{ chain: 'asc' }, { sequence: 'asc' }] })
  const total = () => db().auditEntry.count()
  /** One in the middle. */
  async function one() {
    const all = await entries()
    const entry = all[Math.floor(all.length / 2)]
    if (!entry) throw new Error('there are entries')
    return entry
  }

  it('finds nothing where nobody touched anything', async () => {
    expect(await verify()).toEqual({ entries: await total(), exports: 0, found: 0, findings: [], next: null })
    expect(await total()).toBe(6)
  })

  it('names the entry that was changed, and nothing of what it says', async () => {
    const { id, chain, sequence } = await one()
    await run(`UPDATE "AuditEntry" SET "actorId" = 'eve' WHERE "id" = $1`, id)
    expect(await verify()).toEqual({
      ...{ entries: 6, exports: 0, found: 1, next: null },
      findings: [{ kind: 'changed', chain, sequence, id }],
    })
  })

  it('names the place of one that was removed, and a head that was written by somebody else', async () => {
    const { id, chain, sequence } = await one()
    await run(`DELETE FROM "AuditEntry" WHERE "id" = $1`, id)
    const last = (await db().auditChain.findUniqueOrThrow({ where: { id: chain } })).sequence
    const { found, findings } = await verify()
    expect([found, findings]).toEqual([1, [{ kind: 'removed', chain, sequence }]])
    await run(`UPDATE "AuditChain" SET "mac" = 'forged' WHERE "id" = $1`, chain)
    expect((await verify()).findings).toContainEqual({ kind: 'head_forged', chain, sequence: last })
  })

  it('counts all findings and shows a hundred', async () => {
    const { chain } = await one()
    const { id: _, before, after, ...entry } = await one()
    const fields = { ...entry, before: before ?? {}, after: after ?? {} }
    const planted = Array.from({ length: 130 }, (__, index) => ({
      ...{ ...fields, id: `planted-${index}`, chain: 500, sequence: index + 1 },
    }))
    await db().auditEntry.createMany({ data: planted })
    await run(`UPDATE "AuditEntry" SET "action" = 'x.y' WHERE "chain" = $1`, chain)
    const { found, findings, entries: seen } = await verify()
    expect(found).toBe(130 + (await db().auditEntry.count({ where: { chain } })))
    expect(findings).toHaveLength(100)
    expect(findings[0]).toMatchObject({ kind: 'changed', chain })
    expect(seen).toBe(6)
  })

  describe('in parts', () => {
    it('goes on behind the place that it is given', async () => {
      const all = await entries()
      for (const { chain, sequence } of all) {
        const left = all.filter(
          (entry) => entry.chain > chain || (entry.chain === chain && entry.sequence > sequence),
        )
        expect(await verify({ chain, sequence })).toMatchObject({
          entries: left.length,
          found: 0,
          next: null,
        })
      }
      const { id, chain } = await one()
      await run(`UPDATE "AuditEntry" SET "actorId" = 'eve' WHERE "id" = $1`, id)
      expect((await verify({ chain, sequence: 0 })).found).toBe(1)
      expect((await verify({ chain: chain + 1, sequence: 0 })).found).toBe(0)
    })

    it('stops when its time is over, and says where to go on until all was looked at', async () => {
      const { id, chain, sequence } = await one()
      await run(`UPDATE "AuditEntry" SET "actorId" = 'eve' WHERE "id" = $1`, id)
      const really = performance.now.bind(performance)
      let hours = 0
      const watch = vi.spyOn(performance, 'now').mockImplementation(() => really() + 3_600_000 * (hours += 1))
      const [parts, found]: [number[], unknown[]] = [[], []]
      try {
        for (let from: Place | undefined; ;) {
          const part = await verify(from)
          parts.push(part.entries)
          found.push(...part.findings)
          if (part.next === null) break
          expect(part.next).toEqual({ chain: expect.any(Number), sequence: expect.any(Number) })
          from = part.next
        }
      } finally {
        watch.mockRestore()
      }
      expect(parts.length).toBeGreaterThan(100)
      expect(parts.reduce((sum, count) => sum + count, 0)).toBe(6)
      expect(found).toEqual([{ kind: 'changed', chain, sequence, id }])
    })

    it('takes no place that there can not be', async () => {
      for (const body of [
        { from: { chain: 129, sequence: 0 } },
        { from: { chain: -1, sequence: 0 } },
        { from: { chain: 1, sequence: -1 } },
        { from: { chain: 1, sequence: 2 ** 31 } },
        { from: { chain: 1.5, sequence: 1 } },
        { from: { chain: 1 } },
        { from: null },
        { from: { chain: 1, sequence: 1, hash: '' } },
        { limit: 5 },
      ]) {
        const { status, json } = await boss.post(path, body)
        expect([body, status, json.code]).toEqual([body, 422, 'request.invalid'])
      }
    })
  })

  it('is for operators alone', async () => {
    const owner = await portal.signedIn({ email: 'owner@example.org' })
    await boss.post('/api/tenants/acme/members', { email: 'owner@example.org', role: 'owner' })
    const second = await portal.signedIn({ email: 'second@example.org', operator: true })
    const machine = new TestMachine('auditor', 'http://localhost:3000', clock.now)
    await claimInDatabase(db(), machine, { slug: 'acme', role: 'owner' })
    const byMachine = await machine.call(portal.browser().url, 'POST', path, {})
    const answers = [await portal.browser().post(path, {}), await owner.post(path, {}), byMachine]
    expect(answers.map(({ status, json }) => [status, json.code])).toEqual([
      [401, 'auth.required'],
      [403, 'access.denied'],
      [403, 'access.denied'],
    ])
    for (const { text } of answers) expect(text).not.toContain('findings')
    expect((await second.post(path, {})).status).toBe(200)
    const elsewhere = await boss.send('POST', path, { body: {}, headers: { origin: 'https://evil.example' } })
    expect([elsewhere.status, elsewhere.text.includes('findings')]).toEqual([403, false])
  })
})

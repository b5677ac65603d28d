import { beforeEach, describe, expect, it } from 'vitest'
import { auditKey } from '~~/tests/harness/audit'
import { addLinks, clearAudit } from '~~/tests/harness/audit-links'
import { describeEachDatabase } from '~~/tests/harness/databases'
import { createManualClock, silent } from '~~/tests/harness/provisioning'
import { verifyAudit } from '../verify/verify'
import { createAuditExporter } from './exporter'
import { exportsStore } from './exports.store'
import { createSigner, readStatement } from './statement'

const signer = createSigner(Buffer.alloc(32, 3))
const { publicKey } = signer

describe('a statement', () => {
  const statement = {
    v: 1,
    iss: 'https://portal.example',
    sequence: 1,
    at: '2026-01-01T00:00:00.000Z',
  } as const
  const line = signer.sign({ ...statement, previous: null, heads: [[1, 2, 'a']], digest: 'd' })

  it('is read by the public key alone, of the same seed the same', () => {
    expect(readStatement(line, publicKey)).toMatchObject({ ...statement, heads: [[1, 2, 'a']] })
    expect(createSigner(Buffer.alloc(32, 3)).publicKey).toEqual(publicKey)
  })

  it('is none with another key, another text, or none at all', () => {
    expect(readStatement(line, createSigner(Buffer.alloc(32, 4)).publicKey)).toBeNull()
    const [header, payload = '', signature] = line.split('.')
    const altered = Buffer.from(
      Buffer.from(payload, 'base64url').toString().replace('"sequence":1', '"sequence":2'),
    )
    expect(readStatement(`${header}.${altered.toString('base64url')}.${signature}`, publicKey)).toBeNull()
    const unsigned = Buffer.from('{"alg":"none","typ":"tenantry-audit-heads+jws"}').toString('base64url')
    for (const text of ['', 'x', '..', `${unsigned}.${payload}.`, `${line}.x`])
      expect(readStatement(text, publicKey)).toBeNull()
  })
})

describeEachDatabase('the exports of the audit', (given) => {
  let clock = createManualClock()
  let lines: string[] = []
  let isDown = false
  const target = {
    deliver: (statement: string) => {
      if (isDown) return Promise.reject(new Error('The webhook is out of reach.'))
      lines.push(statement)
      return Promise.resolve()
    },
  }
  const exporterOf = (database = given.database) =>
    createAuditExporter({
      store: exportsStore(database, clock),
      ...{ target, log: silent, origin: 'https://portal.example', everySeconds: 3600, signer },
    })
  const state = () => exportsStore(given.database, clock).state()
  const hour = () => clock.advance(3_600_000)
  const verify = async (exported = lines, last?: number) =>
    (await verifyAudit(given.database, { auditKey, exports: { lines: exported, publicKey, last } })).findings
  const read = (line = '') => readStatement(line, publicKey)

  beforeEach(async () => {
    await clearAudit(given.database.client)
    clock = createManualClock()
    ;[lines, isDown] = [[], false]
  })

  /** Three, an hour apart, with entries before each. */
  async function exportThree() {
    const exporter = exporterOf()
    const links = []
    for (let count = 0; count < 3; count++) {
      links.push(await addLinks(given.database, 3))
      await exporter.work()
      hour()
    }
    return links
  }

  it('tell what moved, one behind the other, and are found to be whole', async () => {
    const links = await exportThree()
    expect(lines.map((line) => read(line)?.sequence)).toEqual([1, 2, 3])
    expect(read(lines[0])).toMatchObject({ previous: null, iss: 'https://portal.example' })
    for (const [index, line] of lines.entries()) {
      const newest = links[index]?.at(-1)
      expect(read(line)?.heads).toEqual([[newest?.chain, newest?.sequence, newest?.hash]])
    }
    expect(await verify(lines, 3)).toEqual([])
    expect(await state()).toMatchObject({ delivered: { sequence: 3 }, failed: null, waiting: 0 })
  })

  it('are made once by two replicas at once, and no sooner than it is time', async () => {
    const other = await given.openAnother()
    await Promise.all([exporterOf().work(), exporterOf(other).work(), exporterOf().work()])
    await exporterOf().work()
    expect(lines).toHaveLength(1)
    hour()
    await Promise.all([exporterOf(other).work(), exporterOf().work()])
    expect(lines.map((line) => read(line)?.sequence)).toEqual([1, 2])
  })

  it('wait for a place that is down, and leave nothing out', async () => {
    await addLinks(given.database, 2)
    isDown = true
    for (let count = 0; count < 3; count++) {
      expect(await exporterOf().work()).toBe(0)
      hour()
      await addLinks(given.database, 1)
    }
    expect(await state()).toMatchObject({
      ...{ delivered: null, waiting: 3 },
      failed: { reason: 'The webhook is out of reach.' },
    })
    isDown = false
    expect(await exporterOf().work()).toBe(4)
    expect(lines.map((line) => read(line)?.sequence)).toEqual([1, 2, 3, 4])
    expect(await verify(lines, 4)).toEqual([])
  })

  it('show that the newest were removed, where a head of before was put back with them', async () => {
    const db = given.database.client
    const [first] = await addLinks(given.database, 1)
    const chain = first?.chain ?? 0
    const heads = await db.auditChain.findMany()
    const keep = await db.auditEntry.findMany({ select: { id: true } })
    await addLinks(given.database, 2)
    await exporterOf().work()
    await db.auditEntry.deleteMany({ where: { id: { notIn: keep.map(({ id }) => id) } } })
    for (const { id, ...data } of heads) await db.auditChain.update({ where: { id }, data })
    expect((await verifyAudit(given.database, { auditKey })).found).toBe(0)
    const found = await verify()
    expect(found).toEqual([expect.objectContaining({ kind: 'rolled_back' })])
    expect(found[0]?.chain).toBeGreaterThan(0)
    expect(chain).toBeGreaterThan(0)
  })

  it('show an entry that took the place of one that they told of', async () => {
    const [links] = await exportThree()
    const newest = links?.at(-1)
    await given.database.client.auditEntry.update({
      where: { id: newest?.id ?? '' },
      data: { hash: 'f'.repeat(64) },
    })
    expect(await verify()).toContainEqual({
      ...{ kind: 'rewritten', chain: newest?.chain, sequence: newest?.sequence },
    })
  })

  it('are found to be missing, at the beginning, in the middle and at the end', async () => {
    await exportThree()
    const [one = '', two = '', three = ''] = lines
    const missing = (sequence: number, until?: number) => ({
      ...{ kind: 'export_missing', chain: null, sequence },
      ...(until !== undefined && { until }),
    })
    expect(await verify([two, three], 3)).toEqual([missing(1)])
    expect(await verify([one, three], 3)).toEqual([missing(2)])
    expect(await verify([one], 3)).toEqual([missing(2, 3)])
    expect(await verify([], 3)).toEqual([missing(1, 3)])
  })

  it('are found to be forged, in another order, or made of another past; twice the same is fine', async () => {
    await exportThree()
    const [one = '', two = '', three = ''] = lines
    const kinds = async (exported: string[]) => (await verify(exported)).map(({ kind }) => kind)
    expect(await kinds([one, one, two, three])).toEqual([])
    expect(await kinds([one, two.slice(0, 50), two, three])).toEqual([])
    expect(await kinds([one, `${two}x`, two, three])).toEqual(['export_invalid'])
    expect(await kinds([one, 'x'.repeat(50), three])).toEqual(['export_invalid', 'export_missing'])
    expect(await kinds([two, one, three])).toContain('export_differs')
    const past = signer.sign({
      ...{ v: 1, iss: 'x', sequence: 2, at: clock.now().toISOString() },
      ...{ previous: 'f'.repeat(64), heads: [], digest: '' },
    })
    expect(await kinds([one, past])).toEqual(['export_differs', 'export_differs'])
  })
})

import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { StepPlanner } from '#server/provisioning/step-planner.port'
import { newId } from '#server/lib/ids'
import { describeEachDatabase, type DatabaseUnderTest } from '../harness/databases'
import type { HttpClient } from '../harness/http'
import { startPortal, type Portal } from '../harness/portal'
import { multipliedId, multiplySettled, seedSettled } from '../harness/seed-settled'
import { createShelf } from '../harness/shelf'
import { listenToStatements, type Sent } from '../harness/statements'

const tenants = 10_000

describeEachDatabase('the board of 10,000 tenants', (given) => {
  let portal: Portal
  let operator: HttpClient
  let listening: ReturnType<typeof listenToStatements>

  beforeAll(async () => {
    const at = new Date()
    const { client } = given.database
    await seedSettled(given.database, 1, [createShelf()], at)
    await multiplySettled(given.database, tenants - 1)
    const ids = Array.from({ length: tenants - 1 }, (_, index) => multipliedId(index + 1))
    const failing = ids.slice(0, 300)
    const error = { status: 'error', error: 'It is away.' } as const
    await client.provisioningStep.updateMany({
      where: { tenantId: { in: failing }, service: 'stalwart' },
      data: { ...error, nextAttemptAt: new Date(at.getTime() + 600_000) },
    })
    const waiting = { status: 'pending', nextAttemptAt: new Date(at.getTime() - 90_000) } as const
    await client.provisioningStep.updateMany({
      where: { tenantId: { in: ids.slice(300, 400) }, service: 'ocis', step: 'space' },
      data: waiting,
    })
    await client.tenant.updateMany({ where: { id: { in: ids.slice(0, 50) } }, data: { status: 'suspended' } })
    for (const [from, status] of [
      [0, 'open'],
      [2_000, 'repaired'],
    ] as const)
      await client.resourceDrift.createMany({
        data: ids.slice(from, from + (status === 'open' ? 200 : 5_000)).map((tenantId) => ({
          ...{
            id: newId(),
            tenantId,
            service: 'authentik' as const,
            step: 'group',
            thing: `thing-${tenantId}`,
          },
          ...{ kind: 'group', name: tenantId, what: 'changed' as const, status },
          ...{ firstSeenAt: at, lastSeenAt: at },
        })),
      })
    if (given.provider === 'postgresql') await client.$executeRawUnsafe('ANALYZE')
    portal = await startPortal(given.url, { planners: [] })
    operator = await portal.operator()
    listening = listenToStatements()
  }, 60_000)
  afterAll(async () => {
    listening?.stop()
    await portal?.close()
  })

  const asked = async (path: string) => {
    listening.take()
    const { status, json } = await operator.get(path)
    expect(status).toBe(200)
    return { json, statements: listening.take() }
  }

  it('counts what there is', async () => {
    const { json, statements } = await asked('/api/operator/board')
    expect(json).toMatchObject({
      tenants: { active: tenants - 50, suspended: 50 },
      failing: [{ service: 'stalwart', steps: 600 }],
      drift: [{ service: 'authentik', things: 200 }],
      queue: { tenants: 100, steps: 100 },
      services: [],
      breakers: [],
      sweep: null,
    })
    expect(json.queue.oldestWaitSeconds).toBeGreaterThanOrEqual(90)
    // Session and user among them.
    expect(statements.length).toBeLessThan(20)
  })

  it.each([
    '/api/operator/board',
    '/api/operator/failing',
    '/api/operator/failing?service=stalwart&limit=200',
    '/api/operator/drift',
    '/api/operator/drift?status=repaired&service=authentik',
  ])('reads %s over indexes', async (path) => {
    const { statements } = await asked(path)
    const reads = statements.filter(({ sql }) => /ProvisioningStep|ResourceDrift/.test(sql))
    expect(reads.length).toBeGreaterThan(0)
    for (const read of reads) expect(await wholeTablesIn(given, read)).toEqual([])
  })

  it('lists what fails and drifts page by page, each once', async () => {
    for (const [path, whole] of [
      ['failing', 600],
      ['drift', 200],
    ] as const) {
      let cursor: string | null = ''
      let seen = 0
      while (cursor !== null) {
        const page: { json: { items: unknown[]; nextCursor: string | null } } = await asked(
          `/api/operator/${path}?limit=150${cursor && `&cursor=${cursor}`}`,
        )
        seen += page.json.items.length
        cursor = page.json.nextCursor
      }
      expect(seen).toBe(whole)
    }
  })

  it('has failing tenants asked again fifty at a time, until none is left', async () => {
    const asked: number[] = []
    do {
      const { json } = await operator.post('/api/operator/retry', { service: 'stalwart' })
      asked.push(json.asked)
    } while (asked.at(-1) !== 0)
    expect(asked).toEqual([50, 50, 50, 50, 50, 50, 0])
  }, 60_000)
})

/** The steps of the database's plan that read a table of many rows from end to end. */
async function wholeTablesIn(
  { provider, url, database }: DatabaseUnderTest,
  { sql, values }: Sent,
): Promise<string[]> {
  const big = /ProvisioningStep|ResourceDrift/
  if (provider === 'sqlite') {
    const rows = await database.client.$queryRawUnsafe<{ detail: string }[]>(
      `EXPLAIN QUERY PLAN ${sql}`,
      ...values,
    )
    return rows
      .map(({ detail }) => detail)
      .filter((line) => /^SCAN/.test(line) && big.test(line) && !/ USING /.test(line))
  }
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const { rows } = await client.query<{ 'QUERY PLAN': string }>(`EXPLAIN ${sql}`, [...values])
    return rows.map((row) => row['QUERY PLAN']).filter((line) => /Seq Scan/.test(line) && big.test(line))
  } finally {
    await client.end()
  }
}

describeEachDatabase('the board of a portal with some services', (given) => {
  const planner = (service: 'authentik' | 'ocis'): StepPlanner => ({
    ...{ service, step: 'group' },
    plan: async () => ({ resources: [], changes: [], notes: [] }),
  })

  it('tells which they are, and nothing of breakers of the others', async () => {
    const portal = await startPortal(given.url, { planners: [planner('ocis'), planner('authentik')] })
    const operator = await portal.operator()
    const until = new Date(Date.now() + 60_000)
    const { breakers } = portal.container
    for (const service of ['authentik', 'stalwart'] as const)
      breakers.publish(service, { state: 'open', until })
    await expect.poll(async () => (await breakers.read()).length).toBe(2)
    const { json } = await operator.get('/api/operator/board')
    expect(json.services).toEqual(['authentik', 'ocis'])
    expect(json.breakers).toEqual([{ service: 'authentik', state: 'open', until: until.toISOString() }])
    await portal.close()
  })
})

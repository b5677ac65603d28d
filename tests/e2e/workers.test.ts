import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import type { HttpClient } from '../harness/http'
import { readLeases, untilLeft } from '../harness/leases'
import { giveMembers } from '../harness/people'
import { holdingsOf, holdingsWanted, startServices, type Services } from '../harness/services'
import type { BuiltServer } from '../harness/server'
import { eventually, logOf, openStage, query, setUp, type Stage } from './scene'

const timeout = 180_000
const callMilliseconds = 60

let stage: Stage
let services: Services
let servers: BuiltServer[]

beforeAll(async () => {
  stage = await openStage()
})
afterAll(() => stage.close())
beforeEach(async () => {
  services = await startServices(callMilliseconds)
  servers = []
})
afterEach(async () => {
  for (const server of servers) await server.kill()
  await services.stop()
})

interface Scene {
  readonly url: string
  readonly web: BuiltServer
  readonly browser: HttpClient
  /** Starts a worker that works on so many tenants at a time. */
  worker(callsAtOnce?: number): Promise<BuiltServer>
}

/** Tenants of four people each on PostgreSQL, made at a server that does not work itself. */
async function openScene(tenants: number): Promise<Scene> {
  const url = await stage.makeDatabase()
  // A comparison of all would write beside the workers.
  const env = { DATABASE_URL: url, SWEEP_INTERVAL_SECONDS: '0', ...services.env }
  const web = await stage.serve({ ...env, WORKER: 'off' })
  servers.push(web)
  const browser = await setUp(web)
  for (let number = 1; number <= tenants; number++) {
    const tenant = { slug: `tenant-${number}`, name: `Tenant ${number}` }
    expect((await browser.post('/api/tenants', tenant)).status).toBe(201)
  }
  // Everybody has signed in at OCIS before, which makes their account.
  for (const mail of await giveMembers(url)) services.ocis.addUser({ mail })
  return {
    url,
    web,
    browser,
    /** Works on three times as many tenants. */
    async worker(callsAtOnce = 1) {
      const worker = await stage.serve({
        ...env,
        WORKER: 'only',
        PROVISIONING_CONCURRENCY: String(callsAtOnce),
      })
      servers.push(worker)
      return worker
    },
  }
}

const waiting = async (url: string) =>
  (await query<{ slug: string }>(url, `SELECT slug FROM "Tenant" WHERE status = 'pending'`)).map(
    ({ slug }) => slug,
  )

/**
 * PostgreSQL ends a transaction of a process that does not go on after 30 s; its locks hold others up until then, and
 * a lease lasts 9 s.
 */
const patience = { timeout: 60_000, interval: 50 }

/** Waits until all are active, and everything is at the services once. */
async function expectConverged(url: string, tenants: number): Promise<void> {
  for (let left = await waiting(url); left.length > 0;) {
    const before = left.length
    // As long as one after the other is done, it may take its time.
    left = await vi.waitFor(async () => {
      const now = await waiting(url)
      expect(now.length, `waiting: ${now.join(', ')}`).toBeLessThan(before)
      return now
    }, patience)
  }
  expect(holdingsOf(services)).toEqual(holdingsWanted(tenants))
  const unfinished = `SELECT count(*)::int AS count FROM "ProvisioningStep" WHERE status NOT IN ('ok', 'skipped')`
  expect(await query(url, unfinished)).toEqual([{ count: 0 }])
  const open = `SELECT count(*)::int AS count FROM "ProvisioningRun" WHERE status = 'running'`
  expect(await query(url, open)).toEqual([{ count: 0 }])
}

it(
  'what WORKER=off was asked for waits in the queue, and WORKER=only brings it about',
  { timeout },
  async () => {
    const { url, web, browser, worker } = await openScene(2)
    const jobs = `SELECT DISTINCT data->>'key' AS id FROM tenantry_queue.job WHERE state = 'created' ORDER BY id`
    const tenants = await query(url, 'SELECT id FROM "Tenant" ORDER BY id')
    // Until the queue is there, the rows alone say what is to be done.
    await eventually(async () => {
      for (const slug of ['tenant-1', 'tenant-2'])
        expect((await browser.post(`/api/tenants/${slug}/reconcile`)).status).toBe(202)
      expect(await query(url, jobs)).toEqual(tenants)
    })
    expect(services.calls()).toEqual({ Authentik: 0, Stalwart: 0, OCIS: 0 })

    const working = await worker()
    expect((await fetch(`${working.url}/health`)).status).toBe(200)
    expect((await fetch(`${working.url}/api/portal`)).status).toBe(404)
    await expectConverged(url, 2)
    expect((await browser.get('/api/tenants/tenant-1')).json).toMatchObject({ status: 'active' })
    expect(await working.stop()).toBe(0)
    expect(await web.stop()).toBe(0)
  },
)

it('SIGKILL of one of two workers: the other goes on with its tenants within 15 s', { timeout }, async () => {
  const { url, worker } = await openScene(12)
  const [killed, other] = await Promise.all([worker(), worker()])
  // Both are at work, and some of it is done.
  await eventually(async () => expect((await waiting(url)).length).toBeLessThan(10))
  await eventually(async () => expect((await readLeases(url)).length).toBeGreaterThan(3))
  await killed.kill()
  const { taken, milliseconds } = await untilLeft(url, await readLeases(url))
  expect(taken).toBeGreaterThan(0)
  expect(milliseconds).toBeLessThan(15_000)
  await expectConverged(url, 12)
  expect(await other.stop()).toBe(0)
})

it(
  'SIGTERM of a worker gives its tenants back: the other goes on within 2 s of its end',
  { timeout },
  async () => {
    const { url, worker } = await openScene(6)
    for (const fake of [services.authentik, services.stalwart, services.ocis])
      fake.faults.add({ kind: 'hang', times: 'always' })
    const stopped = await worker()
    const held = await eventually(async () => {
      const leases = await readLeases(url)
      expect(leases).toHaveLength(3)
      return leases
    })
    const other = await worker(4)
    await eventually(async () => expect(await readLeases(url)).toHaveLength(6))
    expect(await stopped.stop()).toBe(0)
    const ended = performance.now()
    await eventually(async () => {
      const now = new Map((await readLeases(url)).map(({ tenantId, fence }) => [tenantId, fence]))
      for (const { tenantId, fence } of held) expect(now.get(tenantId)).toBeGreaterThan(fence)
    })
    expect(performance.now() - ended).toBeLessThan(2_000)
    for (const fake of [services.authentik, services.stalwart, services.ocis]) fake.faults.clear()
    await expectConverged(url, 6)
    expect(await other.stop()).toBe(0)
  },
)

it('a worker that is paused past its lease writes nothing after its successor', { timeout }, async () => {
  const { url, worker } = await openScene(1)
  const paused = await worker()
  await eventually(() => expect(services.authentik.calls().core_users_create).toBeGreaterThan(0))
  process.kill(paused.pid, 'SIGSTOP')
  const [before] = await readLeases(url)
  expect(before).toBeDefined()
  const successor = await worker()
  await expectConverged(url, 1)

  const written = async () => ({
    work: await query(url, 'SELECT fence, sequence, "leaseUntil" FROM "ProvisioningWork"'),
    steps: await query(url, 'SELECT * FROM "ProvisioningStep" ORDER BY id'),
    runs: await query(url, 'SELECT * FROM "ProvisioningRun" ORDER BY id'),
    resources: await query(url, 'SELECT * FROM "ProvisionedResource" ORDER BY id'),
    audit: await query(url, 'SELECT * FROM "AuditEntry" ORDER BY id'),
  })
  const asLeft = await written()
  expect(asLeft.work).toEqual([
    { fence: (before?.fence ?? 0) + 1, sequence: expect.any(Number), leaseUntil: null },
  ])
  process.kill(paused.pid, 'SIGCONT')
  await eventually(() =>
    expect(logOf(paused)).toContainEqual(
      expect.objectContaining({ msg: 'this tenant was left to somebody else' }),
    ),
  )
  expect(await written()).toEqual(asLeft)
  expect(holdingsOf(services)).toEqual(holdingsWanted(1))
  expect(await paused.stop()).toBe(0)
  expect(await successor.stop()).toBe(0)
  expect(await written()).toEqual(asLeft)
})

it(
  'PostgreSQL is restarted while both work: they go on by themselves, and nothing is there twice',
  { timeout },
  async () => {
    const { url, worker } = await openScene(12)
    const workers = await Promise.all([worker(), worker()])
    for (const limit of [11, 7]) {
      await eventually(async () => expect((await waiting(url)).length).toBeLessThanOrEqual(limit))
      await stage.postgresql.interrupt()
      await stage.postgresql.resume()
    }
    await expectConverged(url, 12)
    for (const each of workers) expect(await each.stop()).toBe(0)
  },
)

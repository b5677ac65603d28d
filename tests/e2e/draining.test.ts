import { once } from 'node:events'
import { connect } from 'node:net'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { startAuthentikFake, type AuthentikFake } from '#server/integrations/authentik/fake'
import {
  eventually,
  logOf,
  openStage,
  openStream,
  query,
  serveOnPostgresql,
  setUp,
  type Stage,
} from './scene'

let stage: Stage
let authentik: AuthentikFake

beforeAll(async () => {
  authentik = await startAuthentikFake()
  stage = await openStage()
})
// Tenants of another test's database would own what stands there.
beforeEach(() => authentik.reset())
afterAll(async () => {
  await stage.close()
  await authentik.stop()
})

it('SIGTERM lets what is under way be answered, ends event streams, and ends the process with 0', async () => {
  const { server, databaseUrl, browser } = await serveOnPostgresql(stage, authentik)
  await browser.post('/api/tenants', { slug: 'acme', name: 'Acme' })
  await eventually(async () =>
    expect((await browser.get('/api/tenants/acme')).json).toMatchObject({ status: 'active' }),
  )
  const stream = await openStream(browser, 'acme')

  // Whoever reads the audit waits for this lock, and so is under way for as long as we like.
  const lock = new pg.Client({ connectionString: databaseUrl })
  await lock.connect()
  await lock.query('BEGIN; LOCK TABLE "AuditEntry" IN ACCESS EXCLUSIVE MODE')
  const slow = browser.get('/api/audit')
  await eventually(async () => {
    // Within a transaction PostgreSQL shows the activity of its first look again and again.
    await lock.query('SELECT pg_stat_clear_snapshot()')
    const { rows } = await lock.query(
      `SELECT query FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    )
    expect(rows.map(({ query }) => query).join()).toContain('"AuditEntry"')
  })

  const asked = performance.now()
  const ended = server.stop()
  await stream.ended
  await expect(fetch(`${server.url}/health`)).rejects.toThrow()
  await lock.query('COMMIT')
  await lock.end()
  const { status, json } = await slow
  expect(status).toBe(200)
  expect(json.items.map(({ action }: { action: string }) => action)).toContain('tenant.created')
  expect(await ended).toBe(0)
  expect(performance.now() - asked).toBeLessThan(10_000)
  expect(logOf(server).at(-1)).toMatchObject({ msg: 'stopped' })
})

it('SIGTERM does not wait for connections that a client merely keeps', async () => {
  const server = await stage.serve({})
  const browser = await setUp(server)
  await browser.post('/api/tenants', { slug: 'acme', name: 'Acme' })
  // Its connection has nothing to do any more when the stream was ended, and is kept for the next request.
  const stream = await openStream(browser, 'acme')
  await Promise.all([browser.get('/api/me'), browser.get('/api/me')])
  const asked = performance.now()
  expect(await server.stop()).toBe(0)
  expect(performance.now() - asked).toBeLessThan(2_000)
  await stream.ended
})

it('SIGTERM gives up on a client that never finishes its request, in time', async () => {
  const server = await stage.serve({})
  const browser = await setUp(server)
  const client = connect(server.port, '127.0.0.1')
  const cut = once(client, 'close')
  const head = [
    'POST /api/tenants HTTP/1.1',
    'Host: localhost',
    `Origin: ${server.url}`,
    `Cookie: ${browser.cookie}`,
  ]
  const body = ['Content-Type: application/json', 'Content-Length: 1000', '', '{"slug":"ac']
  client.write([...head, ...body].join('\r\n'))
  await browser.get('/api/me')
  const asked = performance.now()
  expect(await server.stop()).toBe(0)
  expect(performance.now() - asked).toBeLessThan(10_000)
  await cut
})

it('SIGTERM gives a step that is under way back, and the next process takes it up at once', async () => {
  const { server, databaseUrl, browser } = await serveOnPostgresql(stage, authentik)
  authentik.faults.add({ kind: 'hang', times: 'always' })
  await browser.post('/api/tenants', { slug: 'acme', name: 'Acme' })
  const steps = `SELECT status::text, attempt FROM "ProvisioningStep" WHERE service = 'authentik' AND step = 'group'`
  const running = [{ status: 'running' }]
  await eventually(async () => expect(await query(databaseUrl, steps)).toMatchObject(running))
  await eventually(() => expect(authentik.calls().core_groups_list).toBeGreaterThan(0))
  const asked = performance.now()
  expect(await server.stop()).toBe(0)
  expect(performance.now() - asked).toBeLessThan(10_000)

  expect(await query(databaseUrl, steps)).toMatchObject([{ status: 'pending' }])
  expect(await query(databaseUrl, 'SELECT "leaseUntil" FROM "ProvisioningWork"')).toEqual([
    { leaseUntil: null },
  ])
  authentik.faults.clear()
  const begun = performance.now()
  const heir = await stage.serve({
    DATABASE_URL: databaseUrl,
    AUTHENTIK_API_URL: authentik.url,
    AUTHENTIK_API_TOKEN: authentik.token,
  })
  await eventually(() => expect(authentik.groups()).toMatchObject([{ name: 'acme' }]))
  // It did not have to wait for a lease of 15 s to run out.
  expect(performance.now() - begun).toBeLessThan(10_000)
  expect(await heir.stop()).toBe(0)
})

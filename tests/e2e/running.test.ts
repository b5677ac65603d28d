import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startAuthentikFake, type AuthentikFake } from '#server/integrations/authentik/fake'
import { eventually, logOf, masterKey, openStage, password, serveOnPostgresql, type Stage } from './scene'

const run = promisify(execFile)
const healthcheck = fileURLToPath(new URL('../../scripts/healthcheck.mjs', import.meta.url))

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

const served = (env?: Record<string, string>) => serveOnPostgresql(stage, authentik, env)

describe('a database that goes away', () => {
  it('is told by /ready and by 503s, not by /health, and everything recovers by itself', async () => {
    const { server, browser } = await served()
    const ready = async () => (await fetch(`${server.url}/ready`)).json()
    const allWell = { status: 'ok', checks: { database: 'ok', cache: 'off', vault: 'ok', queue: 'ok' } }
    expect(await ready()).toEqual(allWell)

    await stage.postgresql.interrupt()
    const asked = performance.now()
    const health = await fetch(`${server.url}/health`)
    expect(health.status).toBe(200)
    expect(await health.json()).toMatchObject({ status: 'ok', authMode: 'standalone' })
    expect(performance.now() - asked).toBeLessThan(1_000)

    const answer = await browser.get('/ready')
    expect(answer.status).toBe(503)
    expect(answer.json).toMatchObject({ status: 'failed', checks: { database: 'failed', cache: 'off' } })
    // Neither where the database is nor why it does not answer.
    expect(answer.text).not.toMatch(/127\.0\.0\.1|postgres|ECONN/)

    const problem = { status: 503, code: 'database.unavailable' }
    for (const refused of [
      await browser.get('/api/tenants', { 'x-request-id': 'while-away-1' }),
      await browser.post('/api/tenants', { slug: 'acme', name: 'Acme' }),
      await browser.post('/api/auth/login', { email: 'olga@example.org', password }),
    ]) {
      expect(refused.status).toBe(503)
      expect(refused.headers.get('content-type')).toBe('application/problem+json')
      expect(refused.headers.get('retry-after')).toMatch(/^\d+$/)
      expect(refused.json).toMatchObject(problem)
      expect(refused.json.requestId).toBe(refused.headers.get('x-request-id'))
    }
    expect((await browser.get('/api/setup')).json).toMatchObject(problem)

    await stage.postgresql.resume()
    await eventually(async () => expect(await ready()).toEqual(allWell))
    expect((await browser.get('/api/tenants')).json).toEqual({ items: [], nextCursor: null })
    const created = await browser.post('/api/tenants', { slug: 'acme', name: 'Acme' })
    expect(created.status).toBe(201)
    await eventually(async () =>
      expect((await browser.get('/api/tenants/acme')).json).toMatchObject({ status: 'active' }),
    )
    expect(logOf(server)).toContainEqual(
      expect.objectContaining({ requestId: 'while-away-1', code: 'database.unavailable' }),
    )
    expect(await server.stop()).toBe(0)
  })

  it('does not keep the server from stopping in time', async () => {
    const { server } = await served()
    await stage.postgresql.interrupt()
    try {
      const asked = performance.now()
      expect(await server.stop()).toBe(0)
      expect(performance.now() - asked).toBeLessThan(10_000)
    } finally {
      await stage.postgresql.resume()
    }
  })
})

describe('the log', () => {
  it('is JSON on stdout alone, names requests by their ids, and holds no secret', async () => {
    const { server, databaseUrl, browser } = await served({ LOG_LEVEL: 'trace' })
    const session = browser.cookie?.split('=')[1] ?? ''
    const wrongPassword = 'not the password at all'
    await browser.get('/api/tenants?q=%C3%A4', { 'x-request-id': 'log-ok-1' })
    await browser.post('/api/auth/login', { email: 'olga@example.org', password: wrongPassword })
    await browser.post('/api/tenants', { slug: 'acme', name: 'Acme' }, { 'x-request-id': 'log-created-1' })
    await browser.get('/api/tenants/nobody', { 'x-request-id': 'log-absent-1' })
    await browser.get(`/claims/${'t'.repeat(43)}?token=in-the-query`, { 'x-request-id': 'log-page-1' })
    await browser.post('/api/tenants', 'no JSON', { 'x-request-id': 'log-bad-1' })
    authentik.faults.add({
      kind: 'answer',
      status: 403,
      body: { detail: `Bearer ${authentik.token} is wrong` },
    })
    await browser.post('/api/tenants/acme/reconcile')
    await stage.postgresql.interrupt()
    await browser.get('/api/tenants', { 'x-request-id': 'log-failed-1' })
    await browser.get('/', { 'x-request-id': 'log-failed-page-1' })
    await browser.get('/ready')
    await stage.postgresql.resume()
    await eventually(async () => expect((await browser.get('/ready')).status).toBe(200))
    expect(await server.stop()).toBe(0)

    const log = logOf(server)
    for (const line of log)
      expect(line).toMatchObject({
        level: expect.any(Number),
        time: expect.any(String),
        msg: expect.any(String),
      })
    expect(server.linesOf('stderr')).toEqual([])

    const of = (requestId: string) =>
      log.find((line) => line.requestId === requestId && line.msg === 'request')
    expect(of('log-ok-1')).toMatchObject({ method: 'GET', path: '/api/tenants', status: 200 })
    expect(of('log-created-1')).toMatchObject({ method: 'POST', path: '/api/tenants', status: 201 })
    expect(of('log-absent-1')).toMatchObject({ status: 404 })
    expect(of('log-bad-1')).toMatchObject({ status: 400 })
    expect(of('log-failed-1')).toMatchObject({ status: 503 })
    expect(of('log-page-1')).toMatchObject({ path: '/claims/…' })

    const whole = server.logs().join('\n')
    const { password: databasePassword } = new URL(databaseUrl)
    const secrets = { password, wrongPassword, session, databasePassword, masterKey, token: authentik.token }
    for (const [name, secret] of Object.entries({
      ...secrets,
      inPath: 't'.repeat(43),
      inQuery: 'in-the-query',
    })) {
      expect(secret.length, name).toBeGreaterThan(10)
      expect(whole.includes(secret), `the log holds: ${name}`).toBe(false)
      expect(whole.includes(encodeURIComponent(secret)), `the log holds, encoded: ${name}`).toBe(false)
    }
  })
})

it("the container's health check succeeds while the server serves, whatever its database does, and then fails", async () => {
  const { server } = await served()
  const check = () => run(process.execPath, [healthcheck], { env: { PORT: String(server.port) } })
  expect(await check()).toEqual({ stdout: '', stderr: '' })
  await stage.postgresql.interrupt()
  try {
    expect(await check()).toEqual({ stdout: '', stderr: '' })
  } finally {
    await stage.postgresql.resume()
  }
  expect(await server.stop()).toBe(0)
  await expect(check()).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^GET \/health failed: .*ECONNREFUSED/),
  })
})

describe('figures for a scraper', () => {
  it('count requests by route, however many addresses there are', async () => {
    const token = 'a-token-for-scrapers-0123'
    const { server, browser } = await served({ METRICS_TOKEN: token })
    for (const slug of ['nobody-1', 'nobody-2', 'nobody-3']) await browser.get(`/api/tenants/${slug}`)
    const scrape = await browser.get('/metrics', { authorization: `Bearer ${token}` })
    expect(scrape.status).toBe(200)
    expect(scrape.text).toContain(
      'tenantry_http_requests_total{method="GET",route="/api/tenants/:slug",status="404"} 3',
    )
    expect(scrape.text).not.toContain('nobody')
    await server.stop()
  })
})

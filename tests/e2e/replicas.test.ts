import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startAuthentikFake, type AuthentikFake } from '#server/integrations/authentik/fake'
import {
  browserAt,
  email,
  eventually,
  logOf,
  openStage,
  openStream,
  password,
  query,
  setUp,
  visitorOf,
} from './scene'
import type { Stage } from './scene'

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

const withAuthentik = () => ({ AUTHENTIK_API_URL: authentik.url, AUTHENTIK_API_TOKEN: authentik.token })

describe('two replicas on one PostgreSQL', () => {
  /** Both are one portal to people: PUBLIC_URL is the same. */
  const twoReplicas = async () => {
    const DATABASE_URL = await stage.makeDatabase()
    const one = await stage.serve({ DATABASE_URL })
    const other = await stage.serve({ DATABASE_URL, PUBLIC_URL: one.url })
    return { one, other, browser: await setUp(one) }
  }

  it("take each other's sessions, and a logout at one holds at both at once", async () => {
    const { one, other, browser } = await twoReplicas()
    const elsewhere = browserAt(other, browser)
    expect((await elsewhere.get('/api/me')).json).toMatchObject({ user: { email, platformRole: 'operator' } })
    expect((await elsewhere.post('/api/tenants', { slug: 'acme', name: 'Acme' })).status).toBe(201)
    expect((await browser.get('/api/tenants/acme')).status).toBe(200)

    expect((await elsewhere.post('/api/auth/logout')).status).toBe(204)
    // Whoever kept the cookie: the browser was told to forget it.
    const [atOne, atOther] = [browserAt(one, browser), browserAt(other, browser)]
    const answers = await Promise.all([atOne.get('/api/me'), atOther.get('/api/me')])
    expect(answers.map(({ status }) => status)).toEqual([401, 401])
  })

  it('count wrong passwords together', async () => {
    const { one, other } = await twoReplicas()
    const attempt = (server: typeof one) =>
      browserAt(server, visitorOf(one)).post('/api/auth/login', { email, password: 'a wrong one, surely' })
    const statuses: number[] = []
    while (statuses.at(-1) !== 429 && statuses.length < 100) {
      statuses.push((await attempt(statuses.length % 2 ? one : other)).status)
    }
    expect(statuses.at(-1)).toBe(429)
    for (const server of [one, other]) {
      const refused = await attempt(server)
      expect(refused.status).toBe(429)
      expect(refused.headers.get('retry-after')).toMatch(/^\d+$/)
    }
  })
})

it('three that start at once on an empty PostgreSQL all serve, and it is migrated once', async () => {
  const DATABASE_URL = await stage.makeDatabase()
  const servers = await Promise.all([1, 2, 3].map(() => stage.serve({ DATABASE_URL, SEED_TENANT: 'acme' })))
  for (const server of servers) {
    const ready = await fetch(`${server.url}/ready`)
    expect(ready.status).toBe(200)
    expect(server.linesOf('stderr')).toEqual([])
  }
  const migrated = servers.filter((server) => logOf(server).some(({ migrations }) => migrations))
  expect(migrated).toHaveLength(1)

  const folder = fileURLToPath(new URL('../../prisma/postgresql/migrations', import.meta.url))
  const names = readdirSync(folder).filter((name) => !name.includes('.'))
  const applied = await query<{ migration_name: string; rolled_back_at: Date | null }>(
    DATABASE_URL,
    'SELECT migration_name, rolled_back_at FROM _prisma_migrations ORDER BY migration_name',
  )
  expect(applied).toEqual(names.sort().map((migration_name) => ({ migration_name, rolled_back_at: null })))
  expect(await query(DATABASE_URL, 'SELECT slug FROM "Tenant"')).toEqual([{ slug: 'acme' }])
})

it('WORKER=only serves /health and /ready alone, and does what WORKER=off leaves to it', async () => {
  const DATABASE_URL = await stage.makeDatabase()
  const web = await stage.serve({ DATABASE_URL, WORKER: 'off', ...withAuthentik() })
  const browser = await setUp(web)
  const ready = async (server: typeof web) => (await fetch(`${server.url}/ready`)).json()
  expect(await ready(web)).toMatchObject({ status: 'ok', checks: { queue: 'off' } })
  await browser.post('/api/tenants', { slug: 'acme', name: 'Acme' })
  const stream = await openStream(browser, 'acme')
  expect((await browser.get('/api/tenants/acme')).json).toMatchObject({ status: 'pending' })
  expect(authentik.groups()).toEqual([])

  const worker = await stage.serve({ DATABASE_URL, WORKER: 'only', ...withAuthentik() })
  expect(await ready(worker)).toMatchObject({ status: 'ok', checks: { queue: 'ok' } })
  // The web process hears of what the worker did.
  await eventually(() => expect(stream.text()).toMatch(/"status":"active"/))
  expect(authentik.groups()).toMatchObject([{ name: 'acme' }])

  const asset = /\/_nuxt\/[\w.-]+\.js/.exec((await browser.get('/')).text)?.[0] ?? 'none'
  expect((await browser.get(asset)).status).toBe(200)
  const atWorker = browserAt(worker, browser)
  for (const path of [
    '/',
    '/login',
    '/setup',
    '/api/me',
    '/api/portal',
    '/api/tenants',
    '/favicon.svg',
    asset,
  ])
    expect([path, (await atWorker.get(path)).status]).toEqual([path, 404])
  expect((await atWorker.post('/api/auth/login', { email, password })).status).toBe(404)
  expect(await worker.stop()).toBe(0)
})

it('SEED_TENANT is there after the first start, and nothing is made again by those that follow', async () => {
  const server = await stage.serve({ SEED_TENANT: 'acme', ...withAuthentik() })
  const browser = await setUp(server)
  const seen = async () => {
    await eventually(async () =>
      expect((await browser.get('/api/tenants/acme')).json).toMatchObject({ status: 'active' }),
    )
    const tenants = await browser.get('/api/tenants')
    const subscription = await browser.get('/api/tenants/acme/subscription')
    const steps = await browser.get('/api/tenants/acme/provisioning')
    const audit = await browser.get('/api/tenants/acme/audit')
    return [tenants.json, subscription.json, steps.json, audit.json]
  }
  const first = await seen()
  expect(first[0].items).toHaveLength(1)
  expect(first[1]).toMatchObject({ plan: 'mvp' })
  await server.restart()
  await server.restart()
  expect(await seen()).toEqual(first)
  expect(authentik.groups().filter(({ name }) => name === 'acme')).toHaveLength(1)
})

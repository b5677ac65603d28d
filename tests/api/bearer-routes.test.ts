import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeEachDatabase, makeDatabase, type MadeDatabase } from '../harness/databases'
import { startForgingProvider, type ForgingProvider } from '../harness/forging-provider'
import { startPortal, TestClock, type Portal } from '../harness/portal'
import { routes } from '../harness/routes'

const placed = await Promise.all(
  routes.map(async ({ method, path, load }) => ({ method, path, definition: (await load()).definition })),
)
const guarded = placed.filter(
  ({ path, definition }) => path.startsWith('/api/') && !['anyone', 'entry'].includes(definition.access.kind),
)
const pathOf = (path: string) =>
  path.replace(':slug', 'no-tenant').replace(/:\w+/g, '0190a5b0-0000-7000-8000-000000000000')

const tokenOf = (provider: ForgingProvider, sub: string, now: Date, seconds = 300) => {
  const iat = Math.floor(now.getTime() / 1000)
  const about = { name: sub, email: `${sub}@example.org`, groups: sub === 'boss' ? ['bosses'] : [] }
  const claims = { iss: provider.issuer, aud: 'portal', sub, client_id: 'app', iat, exp: iat + seconds }
  return provider.sign({ ...claims, ...about }, { typ: 'at+jwt' })
}
const environment = (provider: ForgingProvider) => ({
  ...provider.environment,
  JWT_AUDIENCES: 'portal',
  OIDC_OPERATOR_GROUP: 'bosses',
})

describe('every route, for a token', () => {
  let made: MadeDatabase
  let provider: ForgingProvider
  let portal: Portal
  let unknown: string
  let boss: string
  const send = (method: string, path: string, token: string) =>
    portal.browser().send(method, pathOf(path), { headers: { authorization: `Bearer ${token}` } })

  beforeAll(async () => {
    made = await makeDatabase('sqlite')
    provider = await startForgingProvider()
    portal = await startPortal(made.url, { env: environment(provider) })
    unknown = await tokenOf(provider, 'unknown', new Date())
    boss = await tokenOf(provider, 'boss', new Date())
    await send('GET', '/api/users/me', boss)
  })
  afterAll(async () => {
    await portal.close()
    await provider.stop()
    await made.remove()
  })

  it('is made the first call of by one alone', () => {
    const first = placed.filter(({ definition }) => definition.firstCall)
    expect(first.map(({ method, path }) => `${method} ${path}`)).toEqual(['GET /api/users/me'])
  })

  it.each(
    guarded.map(({ method, path, definition }) => [`${method} ${path}`, method, path, definition] as const),
  )('%s', async (_, method, path, { access, firstCall }) => {
    if (access.kind === 'key') {
      for (const token of [unknown, boss]) {
        const { status, json } = await send(method, path, token)
        expect([status, json.code]).toEqual([401, 'auth.proof_required'])
      }
      return
    }
    if (!firstCall) {
      const refused = await send(method, path, unknown)
      expect([refused.status, refused.json.code]).toEqual([401, 'auth.user_unknown'])
    }
    const answer = await send(method, path, boss)
    if (access.kind === 'session')
      expect([answer.status, answer.json.code]).toEqual([403, 'auth.session_required'])
    else expect([401, 500]).not.toContain(answer.status)
  })

  it('leaves nothing of whoever stayed unknown', async () => {
    const { users } = portal.container.scopes.platform('test').stores
    expect(await users.findByEmail('unknown@example.org')).toBeNull()
  })
})

describeEachDatabase('a token', (given) => {
  it('is nobody’s where no provider is trusted', async () => {
    const portal = await startPortal(given.url)
    const provider = await startForgingProvider()
    try {
      const headers = { authorization: `Bearer ${await tokenOf(provider, 'boss', new Date())}` }
      const answer = await portal.browser().get('/api/users/me', headers)
      expect([answer.status, answer.json.code]).toEqual([401, 'auth.token_issuer'])
    } finally {
      await provider.stop()
      await portal.close()
    }
  })

  it('ends with its time what was opened by it', async () => {
    const clock = new TestClock()
    const provider = await startForgingProvider()
    const portal = await startPortal(given.url, { env: environment(provider), clock })
    try {
      const brief = { authorization: `Bearer ${await tokenOf(provider, 'boss', clock.now(), 5)}` }
      const client = portal.browser()
      expect((await client.get('/api/users/me', brief)).status).toBe(200)
      expect((await client.post('/api/tenants', { slug: 'streamed', name: 'Streamed' }, brief)).status).toBe(
        201,
      )
      const path = '/api/tenants/streamed/provisioning'
      const { sequence } = (await client.get(path, brief)).json
      const headers = { ...brief, 'last-event-id': String(sequence) }
      const stream = await fetch(`${client.url}${path}/events`, { headers })
      expect(stream.status).toBe(200)
      clock.advance(36)
      const later = { authorization: `Bearer ${await tokenOf(provider, 'boss', clock.now())}` }
      expect((await client.post('/api/tenants/streamed/reconcile', undefined, later)).status).toBe(202)
      // The answer ends: a stream that went on would keep this waiting.
      expect(await stream.text()).not.toContain('event:')
    } finally {
      await portal.close()
      await provider.stop()
    }
  })
})

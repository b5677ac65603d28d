import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startServer, type BuiltServer } from '../harness/server'
import { setUp, visitorOf } from './scene'
import type { HttpClient } from '../harness/http'

const servers: BuiltServer[] = []
async function served(env: Record<string, string> = {}) {
  const server = await startServer({ env })
  servers.push(server)
  return server
}
afterAll(() => Promise.all(servers.map((server) => server.stop())))

const nothing = "default-src 'none'; frame-ancestors 'none'"

describe('every answer has its security headers', () => {
  let server: BuiltServer
  let boss: HttpClient
  beforeAll(async () => {
    server = await served()
    boss = await setUp(server)
    await boss.post('/api/tenants', { slug: 'acme', name: 'Acme' })
  })

  /** What the page's style sheet is called in this build. */
  const fileOfBuild = async () =>
    /\/_nuxt\/[\w.-]+\.js/.exec(await (await fetch(`${server.url}/login`)).text())?.[0] ?? ''

  it.each<[what: string, path: string, status: number]>([
    ['an answer of the API', '/api/tenants', 200],
    ['an answer without a body', '/api/tenants/acme/provisioning/events?lastEventId=x', 422],
    ['a refusal', '/api/tenants/none', 404],
    ['an address that the API does not have', '/api/nowhere', 404],
    ['a target that is not well formed', '/a%2fb', 400],
    ['a probe', '/health', 200],
    ['a file', '/favicon.svg', 200],
    ['a file that is not there', '/_nuxt/none.js', 404],
    ['a file of the build', 'a file of the build', 200],
  ])('%s: %s', async (_, path, status) => {
    const answer = await boss.get(path.startsWith('/') ? path : await fileOfBuild())
    expect(answer.status).toBe(status)
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-security-policy': nothing,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'same-origin',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'permissions-policy': expect.stringContaining('publickey-credentials-get=(self)'),
    })
    expect(answer.headers.get('strict-transport-security')).toBeNull()
    expect(answer.headers.get('x-powered-by')).toBeNull()
  })

  it('an event stream', async () => {
    const stream = await fetch(`${server.url}/api/tenants/acme/provisioning/events`, {
      headers: { cookie: boss.cookie ?? '' },
    })
    expect(stream.headers.get('content-type')).toBe('text/event-stream')
    expect(stream.headers.get('content-security-policy')).toBe(nothing)
    expect(stream.headers.get('x-content-type-options')).toBe('nosniff')
    await stream.body?.cancel()
  })

  it.each([
    ['a page', '/login', 200],
    ['an error page', '/nowhere', 404],
  ])('%s, with a policy of its own', async (_, path, status) => {
    const answer = await visitorOf(server).get(path, { 'sec-fetch-mode': 'navigate', accept: 'text/html' })
    expect(answer.status).toBe(status)
    const policy = answer.headers.get('content-security-policy') ?? ''
    expect(policy).toMatch(/^default-src 'none'; script-src 'nonce-[\w+/=-]+' 'strict-dynamic';/)
    for (const directive of ["object-src 'none'", "base-uri 'none'", "form-action 'self'"])
      expect(policy).toContain(`${directive};`)
    expect(policy).toContain("frame-ancestors 'none';")
    expect(policy).not.toMatch(/script-src [^;]*unsafe|upgrade-insecure-requests/)
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
    expect(answer.headers.get('permissions-policy')).toContain('camera=()')
    expect(answer.headers.get('x-powered-by')).toBeNull()
    expect(answer.headers.get('strict-transport-security')).toBeNull()
  })
})

it('keeps browsers on https where people come by it', async () => {
  const server = await served({ PUBLIC_URL: 'https://portal.example.org' })
  for (const path of ['/setup', '/api/portal', '/favicon.svg', '/api/nowhere'])
    expect((await fetch(server.url + path)).headers.get('strict-transport-security')).toBe('max-age=31536000')
  const page = await fetch(`${server.url}/setup`)
  expect(page.headers.get('content-security-policy')).toContain('upgrade-insecure-requests;')
})

it('is not told by a header that it is https, or somebody else', async () => {
  const server = await served({ TRUSTED_PROXIES: '127.0.0.1' })
  const forged = {
    'x-forwarded-proto': 'https',
    'x-forwarded-host': 'evil.example',
    forwarded: 'host=evil.example;proto=https',
  }
  const visitor = visitorOf(server)
  const answer = await visitor.get('/api/openapi.json', { ...forged, 'x-original-url': '/api/users' })
  expect(answer.status).toBe(200)
  expect(answer.json.servers).toEqual([{ url: server.url }])
  expect(answer.headers.get('strict-transport-security')).toBeNull()
  const page = await visitor.get('/setup', forged)
  expect(page.text).not.toContain('evil.example')
  const body = { name: 'Olga', email: 'olga@example.org', password: 'correct horse battery staple' }
  const foreign = { ...forged, origin: 'https://evil.example' }
  expect((await visitor.post('/api/setup', body, foreign)).json.code).toBe('csrf.refused')
  const own = await visitor.post('/api/setup', body, forged)
  expect(own.headers.getSetCookie().join()).toMatch(/^tenantry_session=/)
})

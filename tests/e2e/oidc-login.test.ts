import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { startAlternating } from '../harness/alternating'
import { startIdentityProvider, type IdentityProvider } from '../harness/identity-provider'
import { threePeople } from '../harness/identity-provider-people'
import { freePort, startServer, type BuiltServer } from '../harness/server'
import { WebBrowser } from '../harness/web-browser'
import { ask, failureOf, signIn, untilCallback, whoIs } from './oidc-scene'

const masterKey = Buffer.alloc(32, 7).toString('base64')

/** One portal to people, however many processes serve it. */
interface Site {
  url: string
  stop(): Promise<unknown>
}

const sites: Record<string, (idp: IdentityProvider) => Promise<Site>> = {
  'two replicas in turn, on PostgreSQL and Redis': (idp) =>
    startAlternating({
      withRedis: true,
      env: (url) => {
        idp.register(url)
        return { AUTH_MODE: 'oidc-only', ...idp.environment }
      },
    }),
  'one process on SQLite': async (idp) => {
    const port = await freePort()
    idp.register(`http://127.0.0.1:${port}`)
    const env = { AUTH_MODE: 'oidc-only', MASTER_KEY: masterKey, ...idp.environment }
    const server = await startServer({ port, env })
    return { url: server.url, stop: server.stop }
  },
}

describe.each(Object.entries(sites))('a login at the provider: %s', (_, open) => {
  let idp: IdentityProvider
  let site: Site
  beforeAll(async () => {
    idp = await startIdentityProvider()
    site = await open(idp)
  }, 60_000)
  afterAll(async () => {
    await site?.stop()
    await idp?.stop()
  })
  beforeEach(() => void Object.assign(idp.people, threePeople()))

  it('makes the person, lets them in, and leads to where they wanted to go', async () => {
    const browser = await signIn(site.url, 'max', undefined, '/account?from=here')
    expect(browser.url).toBe(`${site.url}/account?from=here`)
    expect(browser.status).toBe(200)
    expect(await whoIs(browser, site.url)).toBe('max@example.org')
    expect(browser.largestCookie).toBeLessThan(1000)
    expect([...(browser.cookies.get(site.url) ?? [])].map(([name]) => name)).toEqual(['tenantry_session'])
  })

  it('makes an operator of whom the group says so, and takes it away with the group at the next login', async () => {
    // The last operator would stay one.
    idp.people.max = { ...threePeople().max!, groups: ['tenantry-operators'] }
    await signIn(site.url, 'max')
    const operator = await signIn(site.url, 'olga')
    expect((await ask(operator, site.url, '/api/users')).status).toBe(200)
    idp.people.olga = { ...threePeople().olga!, groups: [] }
    const again = await signIn(site.url, 'olga')
    expect((await ask(operator, site.url, '/api/users')).status).toBe(401)
    expect((await ask(again, site.url, '/api/users')).status).toBe(403)
  })

  it('bears a person with thousands of groups, without a large cookie', async () => {
    const groups = Array.from({ length: 3000 }, (_entry, at) => `group-${at}`)
    idp.people.max = { ...threePeople().max!, groups }
    const browser = await signIn(site.url, 'max')
    expect(await whoIs(browser, site.url)).toBe('max@example.org')
    expect(browser.largestCookie).toBeLessThan(1000)
  })

  it('leads home from an address that is not its own', async () => {
    for (const returnTo of [
      '//evil.example',
      '/\\evil.example',
      'https://evil.example',
      '/%2F/evil.example',
    ]) {
      const browser = await signIn(site.url, 'ada', undefined, returnTo)
      expect(new URL(browser.url).origin + new URL(browser.url).pathname).toBe(`${site.url}/`)
    }
  })

  it('is done once: its callback again is refused, and loses nobody their session', async () => {
    const { browser, callback } = await untilCallback(site.url, 'ada')
    await browser.open(callback)
    expect(await whoIs(browser, site.url)).toBe('ada@example.org')
    await browser.open(callback)
    expect(failureOf(browser)).toBe('auth.login_unknown')
    expect(await whoIs(browser, site.url)).toBe('ada@example.org')
    const { status, json } = await ask(
      browser,
      site.url,
      new URL(callback).pathname + new URL(callback).search,
    )
    expect([status, json.code]).toEqual([400, 'auth.login_unknown'])
  })

  it('is done once by many at once', async () => {
    const { browser, callback } = await untilCallback(site.url, 'ada')
    const path = new URL(callback).pathname + new URL(callback).search
    const answers = await Promise.all(Array.from({ length: 8 }, () => ask(browser, site.url, path)))
    expect(answers.filter(({ status }) => status === 302)).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 400)).toHaveLength(7)
  })

  it('is not taken over by another browser', async () => {
    const { callback } = await untilCallback(site.url, 'ada')
    const other = await signIn(site.url, 'max')
    await other.open(callback)
    expect(failureOf(other)).toBe('auth.login_unknown')
    expect(await whoIs(other, site.url)).toBe('max@example.org')
    const { browser } = { browser: await new WebBrowser().open(callback) }
    expect(failureOf(browser)).toBe('auth.login_unknown')
    expect(await whoIs(browser, site.url)).toBeUndefined()
  })

  it('goes on in two tabs of one browser', async () => {
    const { browser, callback: first } = await untilCallback(site.url, 'ada')
    const { callback: second } = await untilCallback(site.url, 'ada', browser)
    await browser.open(second)
    expect(await whoIs(browser, site.url)).toBe('ada@example.org')
    expect(first).not.toBe(second)
  })

  it.each([
    ['a doubled state', (url: URL) => url.searchParams.append('state', 'x'), 'auth.callback_invalid'],
    ['a doubled code', (url: URL) => url.searchParams.append('code', 'x'), 'auth.callback_invalid'],
    ['no code', (url: URL) => url.searchParams.delete('code'), 'auth.callback_invalid'],
    [
      'a code without end',
      (url: URL) => url.searchParams.set('code', 'x'.repeat(5000)),
      'auth.callback_invalid',
    ],
    ['another state', (url: URL) => url.searchParams.set('state', 'x'), 'auth.login_unknown'],
    [
      'another issuer',
      (url: URL) => url.searchParams.set('iss', 'https://evil.example'),
      'auth.issuer_mismatch',
    ],
    ['no issuer', (url: URL) => url.searchParams.delete('iss'), 'auth.issuer_mismatch'],
    ['a code of nobody', (url: URL) => url.searchParams.set('code', 'x'), 'auth.code_refused'],
  ])('refuses a callback with %s, notes it, and lets the person begin again', async (_name, change, code) => {
    const { browser, callback } = await untilCallback(site.url, 'ada')
    const url = new URL(callback)
    change(url)
    await browser.open(url.href)
    expect(failureOf(browser)).toBe(code)
    expect(await whoIs(browser, site.url)).toBeUndefined()
    const operator = await signIn(site.url, 'olga')
    const { json } = await ask(operator, site.url, '/api/audit?limit=20')
    const refused = json.items.filter(({ action }: { action: string }) => action === 'user.sign_in_refused')
    expect(refused[0]).toMatchObject({ after: { code }, actor: { kind: 'system' } })
    expect(JSON.stringify(refused)).not.toContain(url.searchParams.get('state') ?? 'nothing')
    expect(await whoIs(await signIn(site.url, 'ada', browser), site.url)).toBe('ada@example.org')
  })

  it('ends at the provider too, and does not begin again by itself', async () => {
    const browser = await signIn(site.url, 'ada')
    const { status, json } = await ask(browser, site.url, '/api/auth/logout', { method: 'POST' })
    expect(status).toBe(200)
    expect(new URL(json.redirect).searchParams.get('id_token_hint')).toMatch(/^eyJ/)
    expect(await whoIs(browser, site.url)).toBeUndefined()
    await browser.open(json.redirect)
    await browser.submit({ logout: 'yes' })
    expect(new URL(browser.url).pathname).toBe('/login')
    expect(browser.status).toBe(200)
    await browser.open(`${site.url}/auth/oidc/login?returnTo=/`)
    expect(browser.text).toContain('name="login"')
  })

  it('ends from the provider: by the logout of one browser, for that session alone', async () => {
    const [one, other] = [await signIn(site.url, 'ada'), await signIn(site.url, 'ada')]
    const hint = await ask(one, site.url, '/auth/oidc/logout')
    expect(hint.status).toBe(302)
    const third = await signIn(site.url, 'ada', one)
    expect(await whoIs(third, site.url)).toBe('ada@example.org')
    await third.open(`${idp.issuer}/session/end`)
    await third.submit({ logout: 'yes' })
    await vi.waitFor(async () => expect(await whoIs(third, site.url)).toBeUndefined(), 5000)
    expect(await whoIs(other, site.url)).toBe('ada@example.org')
  })

  it('works on after the provider has new keys', async () => {
    await signIn(site.url, 'ada')
    await idp.rotateKeys()
    await vi.waitFor(
      async () => {
        for (let replica = 0; replica < 3; replica += 1)
          expect(await whoIs(await signIn(site.url, 'ada'), site.url)).toBe('ada@example.org')
      },
      { timeout: 20_000, interval: 500 },
    )
  }, 30_000)

  it('says so while the provider is away, keeps people signed in, and goes on when it is back', async () => {
    const standing = await signIn(site.url, 'ada')
    const { browser, callback } = await untilCallback(site.url, 'max')
    await idp.stop()
    await browser.open(callback)
    expect(failureOf(browser)).toBe('auth.code_refused')
    expect(await whoIs(standing, site.url)).toBe('ada@example.org')
    await idp.restart()
    expect(await whoIs(await signIn(site.url, 'max', browser), site.url)).toBe('max@example.org')
  })
})

describe('a provider that is away when the server starts', () => {
  let idp: IdentityProvider
  let server: BuiltServer
  beforeAll(async () => {
    const port = await freePort()
    idp = await startIdentityProvider({ portals: [`http://127.0.0.1:${port}`] })
    await idp.stop()
    const env = { AUTH_MODE: 'oidc-only', MASTER_KEY: masterKey, ...idp.environment }
    server = await startServer({ port, env })
  })
  afterAll(async () => {
    await server?.stop()
    await idp?.stop()
  })

  it('gets a clear page and 503, opens no other way in, and is found when it is there', async () => {
    const browser = new WebBrowser()
    expect((await ask(browser, server.url, '/api/auth/oidc/start')).json).toMatchObject({
      status: 503,
      code: 'auth.provider_unavailable',
    })
    await browser.open(`${server.url}/api/auth/oidc/start`)
    expect(failureOf(browser)).toBe('auth.provider_unavailable')
    expect(browser.status).toBe(503)
    expect(browser.text).toContain('Try again')
    const login = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' }
    expect((await ask(browser, server.url, '/api/auth/login', login)).status).toBe(404)
    await idp.restart()
    await vi.waitFor(
      async () => expect(await whoIs(await signIn(server.url, 'ada'), server.url)).toBe('ada@example.org'),
      { timeout: 10_000, interval: 300 },
    )
  })
})

describe('standalone', () => {
  let idp: IdentityProvider
  let server: BuiltServer
  beforeAll(async () => {
    const port = await freePort()
    idp = await startIdentityProvider({ portals: [`http://127.0.0.1:${port}`] })
    server = await startServer({ port })
  })
  afterAll(async () => {
    await server?.stop()
    await idp?.stop()
  })

  it('has no such login without a provider, and has one beside passwords with it, from the same build', async () => {
    const browser = new WebBrowser()
    for (const path of [
      '/api/auth/oidc/start',
      '/auth/oidc/login',
      '/api/_auth/session',
      '/api/_auth/refresh',
    ])
      expect([path, (await ask(browser, server.url, path)).status]).toEqual([path, 404])
    await server.restart(idp.environment)
    const password = 'correct horse battery staple'
    const setup = { name: 'Olga', email: 'boss@example.org', password }
    const headers = { 'content-type': 'application/json' }
    const made = { method: 'POST', headers, body: JSON.stringify(setup) }
    expect((await ask(browser, server.url, '/api/setup', made)).status).toBe(201)
    expect(await whoIs(await signIn(server.url, 'ada'), server.url)).toBe('ada@example.org')
    const login = { ...made, body: JSON.stringify({ email: setup.email, password }) }
    expect((await ask(browser, server.url, '/api/auth/login', login)).status).toBe(200)
  })
})

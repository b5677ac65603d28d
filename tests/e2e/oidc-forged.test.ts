import type { JWTPayload } from 'jose'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startForgingProvider, type ForgingProvider, type Forgery } from '../harness/forging-provider'
import { freePort, startServer, type BuiltServer } from '../harness/server'
import { WebBrowser } from '../harness/web-browser'
import { ask, failureOf, whoIs } from './oidc-scene'

const claims = (change: (honest: JWTPayload) => JWTPayload): Partial<Forgery> => ({ claims: change })
const hangUp: Forgery['answers'][string] = (request) => request.socket.destroy()
const page: Forgery['answers'][string] = (_, response) => response.end('<!doctype html><p>Sorry')

describe('a provider that forges', () => {
  let forger: ForgingProvider
  let server: BuiltServer
  /** Somebody who signed in while all was right, and comes again. */
  let browser: WebBrowser

  beforeAll(async () => {
    forger = await startForgingProvider()
    const port = await freePort()
    const env = { AUTH_MODE: 'oidc-only', MASTER_KEY: Buffer.alloc(32, 7).toString('base64') }
    const extra = { OIDC_OPERATOR_GROUP: 'bosses' }
    server = await startServer({
      port,
      env: { ...env, ...forger.environment, ...extra, PUBLIC_URL: `http://127.0.0.1:${port}` },
    })
  })
  afterAll(async () => {
    await server?.stop()
    await forger?.stop()
  })
  beforeEach(async () => {
    forger.behave()
    forger.forge.claims = (honest) => ({ ...honest, groups: ['bosses'] })
    browser = new WebBrowser()
    await browser.open(`${server.url}/api/auth/oidc/start`)
    expect(await whoIs(browser, server.url)).toBe('person@example.org')
    forger.behave()
  })

  it.each<[string, Partial<Forgery>, string]>([
    [
      'another issuer',
      claims((honest) => ({ ...honest, iss: 'https://evil.example' })),
      'auth.id_token_refused',
    ],
    ['another audience', claims((honest) => ({ ...honest, aud: 'other' })), 'auth.id_token_refused'],
    ['another nonce', claims((honest) => ({ ...honest, nonce: 'other' })), 'auth.id_token_refused'],
    ['another authorized party', claims((honest) => ({ ...honest, azp: 'other' })), 'auth.id_token_refused'],
    ['an old token', claims((honest) => ({ ...honest, exp: 1_000_000_000 })), 'auth.id_token_refused'],
    ['no signature', { signing: 'none' }, 'auth.code_refused'],
    ['the public key as a secret', { signing: 'public key as HMAC' }, 'auth.id_token_refused'],
    ['the key of a stranger', { signing: 'stranger' }, 'auth.id_token_refused'],
    ['userinfo of another person', { userInfo: { sub: 'other', groups: [] } }, 'auth.id_token_refused'],
    [
      'another issuer in the callback',
      { callback: (it) => ({ ...it, iss: 'https://evil.example' }) },
      'auth.issuer_mismatch',
    ],
    ['a state of its own', { callback: (it) => ({ ...it, state: 'own' }) }, 'auth.login_unknown'],
    [
      'an error',
      { callback: ({ state = '', iss = '' }) => ({ state, iss, error: 'access_denied' }) },
      'auth.login_denied',
    ],
    ['a web page for tokens', { answers: { '/token': page } }, 'auth.code_refused'],
    ['silence in the middle of the exchange', { answers: { '/token': hangUp } }, 'auth.code_refused'],
  ])('is refused with %s, which is noted, and costs nobody their session', async (_, forgery, code) => {
    Object.assign(forger.forge, forgery)
    await browser.open(`${server.url}/api/auth/oidc/start`)
    expect(failureOf(browser)).toBe(code)
    expect(await whoIs(browser, server.url)).toBe('person@example.org')
    const { json } = await ask(browser, server.url, '/api/audit?limit=1')
    expect(json.items).toMatchObject([
      { action: 'user.sign_in_refused', after: { code }, actor: { kind: 'system' } },
    ])
  })

  it.each<[string, Partial<Forgery>, string]>([
    ['was remembered', claims((honest) => ({ ...honest, auth_time: 1_000_000_000 })), 'auth.login_not_fresh'],
    ['is of an unknown age', claims(({ auth_time: _, ...honest }) => honest), 'auth.login_not_fresh'],
    [
      'is of the future, as text',
      claims((honest) => ({ ...honest, auth_time: '9999999999' })),
      'auth.login_not_fresh',
    ],
    [
      'is another person’s',
      {
        ...claims((honest) => ({ ...honest, sub: 'other', auth_time: Math.floor(Date.now() / 1000) })),
        userInfo: { sub: 'other', name: 'Other', email: 'other@example.org' },
      },
      'auth.login_other_person',
    ],
  ])('is no proof of who is signed in where it %s', async (_, forgery, code) => {
    const before = browser.cookiesFor(server.url)
    Object.assign(forger.forge, forgery)
    await browser.open(`${server.url}/api/auth/oidc/start?prompt=login&returnTo=/account`)
    expect(failureOf(browser)).toBe(code)
    expect(await whoIs(browser, server.url)).toBe('person@example.org')
    expect(browser.cookiesFor(server.url)).toContain(before)
    expect((await ask(browser, server.url, '/api/users?search=other')).json.items).toEqual([])
  })

  it('is waited for no longer than ten seconds', async () => {
    forger.forge.answers['/token'] = () => undefined
    const start = performance.now()
    await browser.open(`${server.url}/api/auth/oidc/start`)
    expect(failureOf(browser)).toBe('auth.provider_unavailable')
    expect(performance.now() - start).toBeLessThan(14_000)
    expect(await whoIs(browser, server.url)).toBe('person@example.org')
  }, 20_000)

  it('can not end sessions by anything but an honest logout token, used once', async () => {
    const event = { 'http://schemas.openid.net/event/backchannel-logout': {} }
    const now = Math.floor(Date.now() / 1000)
    const honest = {
      iss: forger.issuer,
      aud: 'tenantry',
      iat: now,
      exp: now + 60,
      jti: `j-${now}`,
      sub: 'person',
      events: event,
    }
    const send = async (token: string) =>
      fetch(`${server.url}/auth/oidc/backchannel-logout`, {
        method: 'POST',
        body: new URLSearchParams({ logout_token: token }),
      })
    const typ = 'logout+jwt'
    const forged: [string, Promise<string>][] = [
      ['a nonce', forger.sign({ ...honest, nonce: 'n' }, { typ })],
      ['another audience', forger.sign({ ...honest, aud: 'other' }, { typ })],
      ['an old one', forger.sign({ ...honest, iat: now - 3600 }, { typ })],
      ['no event', forger.sign({ ...honest, events: {} }, { typ })],
      ['nobody', forger.sign({ ...honest, sub: undefined }, { typ })],
      ['no jti', forger.sign({ ...honest, jti: undefined }, { typ })],
      ['an access token', forger.sign(honest, { typ: 'at+jwt' })],
      ['a stranger', forger.sign(honest, { typ, signing: 'stranger' })],
      ['no signature', forger.sign(honest, { typ, signing: 'none' })],
      ['rubbish', Promise.resolve('rubbish')],
    ]
    for (const [name, token] of forged) expect([name, (await send(await token)).status]).toEqual([name, 400])
    expect(await whoIs(browser, server.url)).toBe('person@example.org')
    const token = await forger.sign(honest, { typ })
    const answers = await Promise.all([send(token), send(token), send(token)])
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400, 400])
    expect(answers[0]?.headers.get('cache-control')).toBe('no-store')
    expect(await whoIs(browser, server.url)).toBeUndefined()
  })
})

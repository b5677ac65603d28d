import { randomUUID } from 'node:crypto'
import { generateKeyPair, type JWTPayload } from 'jose'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { describeEachDatabase } from '../harness/databases'
import { DpopKey, type DpopChanges } from '../harness/dpop'
import { startForgingProvider, type ForgingProvider } from '../harness/forging-provider'
import { startIdentityProvider, type IdentityProvider } from '../harness/identity-provider'
import { startPortal, TestClock, type Portal } from '../harness/portal'
import { tokensFor } from '../harness/provider-tokens'

const origin = 'http://localhost:3000'
const outcome = ({ status, json }: { status: number; json: { code?: string } }) => [status, json.code]

describeEachDatabase('a token that is bound to a key', (given) => {
  const clock = new TestClock()
  let provider: ForgingProvider
  let portal: Portal
  let key: DpopKey
  const seconds = () => Math.floor(clock.now().getTime() / 1000)
  const sign = (more: JWTPayload = {}) =>
    provider.sign(
      {
        ...{ iss: provider.issuer, sub: 'person', aud: 'portal', client_id: 'app', scope: 'openid' },
        ...{
          iat: seconds(),
          exp: seconds() + 3600,
          name: 'Pia Person',
          email: 'pia@example.org',
          groups: [],
        },
        cnf: { jkt: key.thumbprint },
        ...more,
      },
      { typ: 'at+jwt' },
    )
  const path = '/api/users/me'
  const send = (headers: Record<string, string>, at = path) => portal.browser().get(at, headers)
  const call = async (token: string, changes: DpopChanges = {}, at = path) =>
    send({ authorization: `DPoP ${token}`, dpop: await key.prove('GET', origin + at, token, changes) }, at)

  beforeAll(async () => {
    provider = await startForgingProvider()
    portal = await startPortal(given.url, {
      env: { ...provider.environment, JWT_AUDIENCES: 'portal' },
      clock,
    })
    key = await DpopKey.make('ES256', clock.now)
    await portal.operator()
  })
  afterAll(async () => {
    await portal.close()
    await provider.stop()
  })

  it.each(['ES256', 'ES384', 'EdDSA', 'RS256', 'PS256'])(
    'lets its person in, with a proof by %s',
    async (alg) => {
      const own = await DpopKey.make(alg, clock.now)
      const token = await sign({ cnf: { jkt: own.thumbprint } })
      const proof = await own.prove('GET', `${origin}${path}?x=1`, token)
      const answer = await send({ authorization: `DPoP ${token}`, dpop: proof }, `${path}?x=1`)
      expect([answer.status, answer.json.email]).toEqual([200, 'pia@example.org'])
    },
  )

  it('is refused without its proof, and one without a key with it', async () => {
    const token = await sign()
    expect(outcome(await send({ authorization: `Bearer ${token}` }))).toEqual([401, 'auth.token_bound'])
    const proof = await key.prove('GET', origin + path, token)
    expect(outcome(await send({ authorization: `Bearer ${token}`, dpop: proof }))).toEqual([
      401,
      'auth.token_bound',
    ])
    const bare = await send({ authorization: `DPoP ${token}` })
    expect(outcome(bare)).toEqual([401, 'dpop.missing'])
    expect(bare.headers.get('www-authenticate')).toMatch(/^DPoP error="invalid_dpop_proof", algs="ES256 /)
    const unbound = await call(await sign({ cnf: undefined }))
    expect(outcome(unbound)).toEqual([401, 'auth.token_unbound'])
    expect(unbound.headers.get('www-authenticate')).toMatch(/^DPoP error="invalid_token", algs="/)
  })

  it('is refused where it is bound to another key, or to more than that', async () => {
    const other = await DpopKey.make('ES256', clock.now)
    expect(outcome(await call(await sign({ cnf: { jkt: other.thumbprint } })))).toEqual([
      401,
      'auth.token_bound',
    ])
    const certificate = { jkt: key.thumbprint, 'x5t#S256': 'thumbprint' }
    expect(outcome(await call(await sign({ cnf: certificate })))).toEqual([401, 'auth.token_bound'])
    for (const cnf of [{}, 'x', { jkt: 7 }, [], null])
      expect(outcome(await call(await sign({ cnf })))[0]).toBe(401)
  })

  it('is refused where the token itself does not hold', async () => {
    expect(outcome(await call(await sign({ exp: seconds() - 60 })))).toEqual([401, 'auth.token_expired'])
    expect(outcome(await call(await sign({ aud: 'elsewhere' })))).toEqual([401, 'auth.token_audience'])
  })

  describe('is refused, with a code of its own, with a proof that', () => {
    it.each<[string, string, (now: number) => DpopChanges]>([
      ['is of another type', 'dpop.malformed', () => ({ header: { typ: 'JWT' } })],
      ['has no key', 'dpop.malformed', () => ({ header: { jwk: undefined } })],
      ['names what must be understood', 'dpop.malformed', () => ({ header: { crit: ['b64'], b64: true } })],
      ['has no id', 'dpop.claims_missing', () => ({ claims: { jti: undefined } })],
      ['has an id without end', 'dpop.claims_missing', () => ({ claims: { jti: 'x'.repeat(257) } })],
      ['has no method', 'dpop.claims_missing', () => ({ claims: { htm: undefined } })],
      ['has no address', 'dpop.claims_missing', () => ({ claims: { htu: undefined } })],
      ['has no beginning', 'dpop.claims_missing', () => ({ claims: { iat: undefined } })],
      ['has no digest of the token', 'dpop.claims_missing', () => ({ claims: { ath: undefined } })],
      ['is for another method', 'dpop.method_wrong', () => ({ claims: { htm: 'POST' } })],
      ['is for another path', 'dpop.uri_wrong', () => ({ claims: { htu: `${origin}/api/users` } })],
      [
        'is for another origin',
        'dpop.uri_wrong',
        () => ({ claims: { htu: `https://elsewhere.example${path}` } }),
      ],
      ['is for no address', 'dpop.uri_wrong', () => ({ claims: { htu: path } })],
      ['is too old', 'dpop.expired', (now) => ({ claims: { iat: now - 60 } })],
      ['begins too far ahead', 'dpop.not_yet_valid', (now) => ({ claims: { iat: now + 32 } })],
      ['is for another token', 'dpop.token_wrong', () => ({ claims: { ath: 'x' } })],
    ])('%s', async (_, code, changes) => {
      expect(outcome(await call(await sign(), changes(seconds())))).toEqual([401, code])
    })

    it('is signed by another key, or by none', async () => {
      const { privateKey } = await generateKeyPair('ES256')
      expect(outcome(await call(await sign(), { key: privateKey }))).toEqual([401, 'dpop.signature_invalid'])
      const token = await sign()
      const [header = '', claims = ''] = (await key.prove('GET', origin + path, token)).split('.')
      const none = Buffer.from(JSON.stringify({ alg: 'none', typ: 'dpop+jwt', jwk: key.jwk })).toString(
        'base64url',
      )
      const withHeader = (dpop: string) => send({ authorization: `DPoP ${token}`, dpop })
      expect(outcome(await withHeader(`${none}.${claims}.`))).toEqual([401, 'dpop.alg_refused'])
      expect(outcome(await withHeader(`${header}.${claims}.AAAA`))).toEqual([401, 'dpop.signature_invalid'])
      expect(outcome(await withHeader('x'))).toEqual([401, 'dpop.malformed'])
      expect(outcome(await withHeader('x'.repeat(9_000)))).toEqual([401, 'dpop.malformed'])
    })

    it('gives its private key away', async () => {
      const own = await DpopKey.make('ES256', clock.now)
      const token = await sign({ cnf: { jkt: own.thumbprint } })
      const proof = await own.prove('GET', origin + path, token, {
        header: { jwk: { ...own.jwk, d: 'AAAA' } },
      })
      expect(outcome(await send({ authorization: `DPoP ${token}`, dpop: proof }))).toEqual([
        401,
        'dpop.malformed',
      ])
    })
  })

  it('lets each proof pass once, of 20 at once over two replicas, and others after it', async () => {
    const second = await startPortal(given.url, {
      env: { ...provider.environment, JWT_AUDIENCES: 'portal' },
      clock,
    })
    try {
      const token = await sign()
      expect((await call(token)).status).toBe(200)
      const proof = await key.prove('GET', origin + path, token, { claims: { jti: randomUUID() } })
      const headers = { authorization: `DPoP ${token}`, dpop: proof }
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, n) => (n % 2 ? portal : second).browser().get(path, headers)),
      )
      const codes = answers.map(({ status, json }) => (status === 200 ? 'let in' : json.code)).sort()
      expect(codes).toEqual([...Array.from({ length: 19 }, () => 'dpop.replayed'), 'let in'])
      expect((await call(token)).status).toBe(200)
    } finally {
      await second.close()
    }
  })

  it('is refused beside our cookie, and behind another header', async () => {
    const token = await sign()
    const browser = await portal.operator()
    const headers = { authorization: `DPoP ${token}`, dpop: await key.prove('GET', origin + path, token) }
    expect(outcome(await browser.get(path, headers))).toEqual([400, 'auth.ambiguous'])
  })

  it('keeps a stream of events open that its proof opened', async () => {
    const boss = await portal.operator()
    await boss.post('/api/tenants', { slug: 'acme', name: 'Acme' })
    const token = await sign({ email_verified: true })
    expect((await call(token)).status).toBe(200)
    await boss.post('/api/tenants/acme/members', { email: 'pia@example.org', role: 'member' })
    const at = '/api/tenants/acme/provisioning/events'
    const leave = new AbortController()
    const dpop = await key.prove('GET', origin + at, token)
    const headers = { authorization: `DPoP ${token}`, dpop }
    const response = await fetch(portal.browser().url + at, { headers, signal: leave.signal })
    expect(response.status).toBe(200)
    const reader = response.body?.getReader()
    for (let n = 0; n < 2; n += 1) {
      expect((await reader?.read())?.done).toBe(false)
      await boss.post('/api/tenants/acme/provisioning/reconcile', {})
    }
    const { items } = (await boss.get('/api/tenants/acme/members')).json
    const { userId } = items.find(({ email }: { email: string }) => email === 'pia@example.org')
    await boss.delete(`/api/tenants/acme/members/${userId}`)
    await boss.post('/api/tenants/acme/provisioning/reconcile', {})
    await vi.waitFor(async () => expect((await reader?.read())?.done).toBe(true), { timeout: 30_000 })
    leave.abort()
  })
})

describeEachDatabase('bound tokens of a real provider', (given) => {
  let provider: IdentityProvider
  let portal: Portal
  beforeAll(async () => {
    provider = await startIdentityProvider()
    const audiences = { JWT_AUDIENCES: `portal,${provider.clientId}`, OIDC_INTROSPECTION: 'on' }
    portal = await startPortal(given.url, {
      env: { ...provider.environment, ...audiences, AUTH_MODE: 'oidc-only' },
    })
  })
  afterAll(async () => {
    await portal.close()
    await provider.stop()
  })

  it.each([
    ['JWTs', 'ada', 'portal'],
    ['opaque', 'max', undefined],
  ])('let their person in with a proof, and not without: %s', async (_, login, audience) => {
    const key = await DpopKey.make()
    const { access_token: token } = await tokensFor(provider, login, audience, key)
    const call = async (scheme: string, by = key) =>
      portal.browser().get('/api/users/me', {
        authorization: `${scheme} ${token}`,
        dpop: await by.prove('GET', `${origin}/api/users/me`, token),
      })
    expect((await call('DPoP')).json).toMatchObject({ email: `${login}@example.org` })
    expect(outcome(await call('Bearer'))).toEqual([401, 'auth.token_bound'])
    expect(outcome(await call('DPoP', await DpopKey.make()))).toEqual([401, 'auth.token_bound'])
    const { access_token: plain } = await tokensFor(provider, login, audience)
    const unbound = await portal.browser().get('/api/users/me', {
      authorization: `DPoP ${plain}`,
      dpop: await key.prove('GET', `${origin}/api/users/me`, plain),
    })
    expect(outcome(unbound)).toEqual([401, 'auth.token_unbound'])
  })
})

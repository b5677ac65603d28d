import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { introspectionSeconds } from '#server/auth/bearer/introspection'
import { signInLimits } from '#server/auth/sign-in/attempts'
import { describeEachDatabase } from '../harness/databases'
import { startForgingProvider, type ForgingProvider } from '../harness/forging-provider'
import { startIdentityProvider, type IdentityProvider } from '../harness/identity-provider'
import { startPortal, TestClock, type Portal } from '../harness/portal'
import { tokensFor } from '../harness/provider-tokens'

const caller = (portal: Portal, token: string) => {
  const headers = { authorization: `Bearer ${token}` }
  return (path: string) => portal.browser().get(path, headers)
}
const outcome = ({ status, json }: { status: number; json: { code?: string } }) => [status, json.code]

describeEachDatabase('tokens of a real provider', (given) => {
  const clock = new TestClock()
  let provider: IdentityProvider
  let portal: Portal
  beforeAll(async () => {
    provider = await startIdentityProvider()
    const audiences = { JWT_AUDIENCES: `portal,${provider.clientId}`, OIDC_INTROSPECTION: 'on' }
    const env = { ...provider.environment, ...audiences, AUTH_MODE: 'oidc-only' }
    portal = await startPortal(given.url, { env, clock })
    await portal.container.scopes.platform('test').transaction(async (stores) => {
      const { id } = await stores.tenants.create({ slug: 'acme', name: 'Acme', locale: 'en' })
      await stores.ofTenant(id).subscription.create('pro')
    })
  })
  afterAll(async () => {
    await portal.close()
    await provider.stop()
  })

  it('let their person in, and follow the groups of each new one', async () => {
    const get = caller(portal, (await tokensFor(provider, 'ada', 'portal')).access_token)
    expect(outcome(await get('/api/tenants/acme'))).toEqual([401, 'auth.user_unknown'])
    expect((await get('/api/users/me')).json).toMatchObject({
      email: 'ada@example.org',
      name: 'Ada Lovelace',
    })
    expect((await get('/api/tenants/acme')).json).toMatchObject({ slug: 'acme', role: 'member' })

    provider.people.ada = { ...provider.people.ada!, groups: [], name: 'Ada King' }
    const later = caller(portal, (await tokensFor(provider, 'ada', 'portal')).access_token)
    expect((await later('/api/users/me')).json.name).toBe('Ada King')
    expect((await get('/api/tenants/acme')).status).toBe(404)
  })

  it('are refused as ID tokens, and for another audience', async () => {
    const { id_token } = await tokensFor(provider, 'max', 'portal')
    expect(outcome(await caller(portal, id_token)('/api/users/me'))).toEqual([401, 'auth.token_type'])
    const foreign = (await tokensFor(provider, 'max', 'another-api')).access_token
    expect(outcome(await caller(portal, foreign)('/api/users/me'))).toEqual([401, 'auth.token_audience'])
  })

  it('are asked about where they are opaque, and know the person by userinfo', async () => {
    const get = caller(portal, (await tokensFor(provider, 'olga')).access_token)
    expect((await get('/api/users/me')).json).toMatchObject({
      email: 'olga@example.org',
      platformRole: 'operator',
    })
    expect((await get('/api/users')).status).toBe(200)
    expect(outcome(await caller(portal, 'no-such-token')('/api/users/me'))).toEqual([
      401,
      'auth.token_inactive',
    ])
  })

  it('hold after the provider has changed its keys', async () => {
    await provider.rotateKeys()
    clock.advance(6)
    const get = caller(portal, (await tokensFor(provider, 'max', 'portal')).access_token)
    expect((await get('/api/users/me')).status).toBe(200)
  })

  it('hold while the provider is away, as long as its keys are known', async () => {
    const known = (await tokensFor(provider, 'max', 'portal')).access_token
    await provider.stop()
    clock.advance(61)
    expect((await caller(portal, known)('/api/users/me')).status).toBe(200)
    expect(outcome(await caller(portal, 'not-asked-before')('/api/users/me'))).toEqual([
      503,
      'auth.provider_unavailable',
    ])
  })
})

describeEachDatabase('tokens and a provider that is not as it should be', (given) => {
  const clock = new TestClock()
  const seconds = () => Math.floor(clock.now().getTime() / 1000)
  let provider: ForgingProvider
  let portal: Portal
  const start = (more: Record<string, string> = {}) =>
    startPortal(given.url, {
      env: { ...provider.environment, JWT_AUDIENCES: 'portal', OIDC_INTROSPECTION: 'on', ...more },
      clock,
    })
  const sign = (kid = 'own') => {
    const times = { iat: seconds(), exp: seconds() + 300 }
    const claims = { iss: provider.issuer, sub: 'person', aud: 'portal', client_id: 'app', ...times }
    return provider.sign(
      { ...claims, name: 'Pia', email: 'pia@example.org', groups: [] },
      { typ: 'at+jwt', kid },
    )
  }
  beforeAll(async () => {
    provider = await startForgingProvider()
    portal = await start()
  })
  beforeEach(() => {
    provider.behave()
    provider.calls.clear()
    provider.forge.answers['/.well-known/openid-configuration'] = (_, response) =>
      response.end(
        JSON.stringify({
          issuer: provider.issuer,
          authorization_endpoint: `${provider.issuer}/authorize`,
          token_endpoint: `${provider.issuer}/token`,
          jwks_uri: `${provider.issuer}/jwks`,
          introspection_endpoint: `${provider.issuer}/introspect`,
        }),
      )
  })
  afterAll(async () => {
    await portal.close()
    await provider.stop()
  })

  it('are not accepted where it was never reached, and are once it is', async () => {
    const fresh = await start()
    try {
      provider.forge.answers['/jwks'] = (_, response) => response.writeHead(500).end()
      const get = caller(fresh, await sign())
      const away = await get('/api/users/me')
      expect(outcome(away)).toEqual([503, 'auth.provider_unavailable'])
      expect(away.headers.get('retry-after')).toBe('5')
      provider.forge.answers['/jwks'] = (_, response) => response.end('<html>A page</html>')
      clock.advance(6)
      expect(outcome(await get('/api/users/me'))).toEqual([503, 'auth.provider_unavailable'])
      delete provider.forge.answers['/jwks']
      clock.advance(6)
      expect((await get('/api/users/me')).status).toBe(200)
    } finally {
      await fresh.close()
    }
  })

  it('cost one fetch of keys in its pause, however many unknown ones are named at once', async () => {
    expect((await caller(portal, await sign())('/api/users/me')).status).toBe(200)
    clock.advance(6)
    provider.calls.clear()
    const tokens = await Promise.all(Array.from({ length: 200 }, (_, n) => sign(`unknown-${n}`)))
    const answers = await Promise.all(tokens.map((token) => caller(portal, token)('/api/users/me')))
    expect(new Set(answers.map((answer) => outcome(answer).join()))).toEqual(
      new Set(['401,auth.token_invalid']),
    )
    expect(provider.calls.get('/jwks')).toBe(1)
    expect((await caller(portal, await sign())('/api/users/me')).status).toBe(200)
    // What was refused just now counts against this address no longer than an hour.
    clock.advance(signInLimits.token.windowSeconds)
  })

  describe('that are opaque', () => {
    const asked = () => provider.calls.get('/introspect') ?? 0
    const answering = (said: object) => {
      const answer = { active: true, sub: 'person', client_id: 'app', aud: 'portal', token_type: 'Bearer' }
      provider.forge.answers['/introspect'] = (_, response) =>
        void response.end(JSON.stringify({ iss: provider.issuer, exp: seconds() + 300, ...answer, ...said }))
    }
    const refused = async (token: string, status: number, code: string) =>
      expect(outcome(await caller(portal, token)('/api/users/me'))).toEqual([status, code])

    it('are asked about once in ten seconds, and never beyond their end', async () => {
      answering({})
      const get = caller(portal, 'asked-once')
      const answers = await Promise.all(Array.from({ length: 20 }, () => get('/api/users/me')))
      expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
      await get('/api/tenants')
      expect(asked()).toBe(1)
      answering({ active: false })
      expect((await get('/api/tenants')).status).toBe(200)
      clock.advance(introspectionSeconds)
      await refused('asked-once', 401, 'auth.token_inactive')
      await refused('asked-once', 401, 'auth.token_inactive')
      expect(asked()).toBe(2)

      answering({ exp: seconds() - 27 })
      expect((await caller(portal, 'ends-soon')('/api/tenants')).status).toBe(200)
      clock.advance(4)
      await refused('ends-soon', 401, 'auth.token_expired')
      expect(asked()).toBe(3)
    })

    it.each<[string, object, string]>([
      ['of another issuer', { iss: 'https://elsewhere.example' }, 'auth.token_issuer'],
      ['for another audience', { aud: ['elsewhere'] }, 'auth.token_audience'],
      ['of another client, where no audience is said', { aud: undefined }, 'auth.token_audience'],
      ['over', { exp: 1 }, 'auth.token_expired'],
      ['not yet valid', { nbf: 9_999_999_999 }, 'auth.token_not_yet_valid'],
      ['without end', { exp: undefined }, 'auth.token_invalid'],
      ['a refresh token', { token_type: undefined }, 'auth.token_type'],
      ['a refresh token that says so', { token_type: 'refresh_token' }, 'auth.token_type'],
      ["a client's own", { sub: 'app' }, 'auth.token_type'],
      ['nobody’s', { sub: undefined }, 'auth.token_type'],
      ['bound to a key', { cnf: { jkt: 'x' } }, 'auth.token_bound'],
    ])('are refused where they are %s', async (what, said, code) => {
      answering(said)
      await refused(Buffer.from(what).toString('base64url'), 401, code)
    })

    it('are never accepted where the provider fails, answers with a page, or in another form', async () => {
      const { answers } = provider.forge
      answers['/introspect'] = (_, response) => response.writeHead(500).end()
      await refused('failing', 503, 'auth.provider_unavailable')
      answers['/introspect'] = (_, response) => response.writeHead(401).end()
      await refused('not-us', 503, 'auth.provider_unavailable')
      answers['/introspect'] = (_, response) => response.end('<html>')
      await refused('page', 503, 'auth.provider_unavailable')
      answering({ active: 'true' })
      await refused('form', 503, 'auth.provider_unavailable')
    })

    it('are asked about with the secret, and JWTs are not asked about', async () => {
      const seen: (string | undefined)[] = []
      provider.forge.answers['/introspect'] = ({ headers, method }, response) => {
        seen.push(method, headers.authorization)
        response.end('{"active":false}')
      }
      await refused('shown', 401, 'auth.token_inactive')
      expect(seen).toEqual(['POST', `Basic ${Buffer.from('tenantry:forged').toString('base64')}`])
      await refused(`${await sign()}x`, 401, 'auth.token_invalid')
      await refused('eyJhbGciOiJub25lIn0.e30.', 401, 'auth.token_invalid')
      expect(asked()).toBe(1)
    })

    it('are not asked about where that is off', async () => {
      const off = await start({ OIDC_INTROSPECTION: 'off' })
      try {
        answering({})
        expect(outcome(await caller(off, 'opaque')('/api/users/me'))).toEqual([401, 'auth.token_invalid'])
        expect(asked()).toBe(0)
      } finally {
        await off.close()
      }
    })

    it('are no longer asked about for whom a hundred were refused', async () => {
      answering({ active: false })
      for (let n = 0; n <= signInLimits.token.attempts; n += 1)
        await caller(portal, `guess-${n}`)('/api/users/me')
      const before = asked()
      await refused('one-more-guess', 429, 'rate.limited')
      expect(asked()).toBe(before)
      expect((await caller(portal, await sign())('/api/users/me')).status).toBe(200)
    })
  })
})

import { request } from 'node:http'
import { once } from 'node:events'
import { exportJWK, generateKeyPair, SignJWT, type JWTPayload } from 'jose'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { tokenMaxCharacters } from '#server/auth/bearer/bearer'
import { describeEachDatabase } from '../harness/databases'
import { startForgingProvider, type ForgingProvider } from '../harness/forging-provider'
import { startPortal, TestClock, type Portal } from '../harness/portal'

describeEachDatabase('a call with a token', (given) => {
  const clock = new TestClock()
  let provider: ForgingProvider
  let portal: Portal
  const seconds = () => Math.floor(clock.now().getTime() / 1000)
  const good = (more: JWTPayload = {}): JWTPayload => ({
    iss: provider.issuer,
    sub: 'person',
    aud: ['elsewhere', 'portal'],
    client_id: 'app',
    scope: 'openid',
    iat: seconds(),
    exp: seconds() + 300,
    name: 'Pia Person',
    email: 'pia@example.org',
    groups: [],
    ...more,
  })
  const sign = (more: JWTPayload = {}, options: Parameters<ForgingProvider['sign']>[1] = {}) =>
    provider.sign(good(more), { typ: 'at+jwt', ...options })
  const call = (token: string, path = '/api/users/me') =>
    portal.browser().get(path, { authorization: `Bearer ${token}` })
  const db = () => given.database.client
  const written = async () => [await db().user.count(), await db().externalIdentity.count()]

  beforeAll(async () => {
    provider = await startForgingProvider()
    const env = { ...provider.environment, JWT_AUDIENCES: 'portal,operator', OIDC_OPERATOR_GROUP: 'bosses' }
    portal = await startPortal(given.url, { env, clock })
    await portal.operator()
  })
  beforeEach(() => provider.behave())
  afterAll(async () => {
    await portal.close()
    await provider.stop()
  })

  describe('that does not hold', () => {
    const refused = async (token: string, status: number, code: string, challenge = 'invalid_token') => {
      const before = await written()
      const answer = await call(token)
      expect([answer.status, answer.json.code]).toEqual([status, code])
      expect(answer.headers.get('www-authenticate')).toBe(`Bearer error="${challenge}"`)
      expect(answer.headers.get('content-type')).toBe('application/problem+json')
      expect(answer.headers.getSetCookie()).toEqual([])
      if (token.length > 20) expect(answer.text).not.toContain(token)
      expect(await written()).toEqual(before)
    }

    it('is refused unsigned, signed by a stranger, signed with a published key as secret, or altered', async () => {
      for (const signing of ['none', 'stranger', 'public key as HMAC'] as const)
        await refused(await sign({}, { signing }), 401, 'auth.token_invalid')
      await refused(await sign({}, { kid: 'no such key' }), 401, 'auth.token_invalid')
      const [header, , signature] = (await sign()).split('.')
      const altered = Buffer.from(JSON.stringify(good({ sub: 'somebody-else' }))).toString('base64url')
      await refused(`${header}.${altered}.${signature}`, 401, 'auth.token_invalid')
      await refused(`${await sign()}.a.b`, 401, 'auth.token_invalid')
      await refused('opaque', 401, 'auth.token_invalid')
    })

    it('is refused with a key of its own, whose whereabouts its header tells', async () => {
      const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true })
      const jwk = { ...(await exportJWK(publicKey)), kid: 'own', alg: 'RS256', use: 'sig' }
      const asked: string[] = []
      provider.forge.answers['/own-keys'] = (request, response) => {
        asked.push(request.url ?? '')
        response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: [jwk] }))
      }
      const url = `${provider.issuer}/own-keys`
      for (const header of [{ jwk }, { jku: url }, { x5u: url }, { jku: url, kid: 'own' }]) {
        const signed = new SignJWT(good()).setProtectedHeader({ alg: 'RS256', typ: 'at+jwt', ...header })
        await refused(await signed.sign(privateKey), 401, 'auth.token_invalid')
      }
      expect(asked).toEqual([])
    })

    it('is refused of another issuer, or for another audience', async () => {
      await refused(await sign({ iss: 'https://elsewhere.example' }), 401, 'auth.token_issuer')
      await refused(await sign({ iss: `${provider.issuer}/` }), 401, 'auth.token_issuer')
      const elsewhere = await call(await sign({ iss: 'https://elsewhere.example' }), '/api/tenants')
      expect([elsewhere.status, elsewhere.json.code]).toEqual([401, 'auth.token_issuer'])
      for (const aud of ['tenantry', ['elsewhere'], [], 'portal,operator'])
        await refused(await sign({ aud }), 401, 'auth.token_audience')
    })

    it('is refused before and after its time, with half a minute for clocks that differ', async () => {
      const now = seconds()
      await refused(await sign({ exp: now - 31 }), 401, 'auth.token_expired')
      await refused(await sign({ nbf: now + 60 }), 401, 'auth.token_not_yet_valid')
      await refused(await sign({ iat: now + 60 }), 401, 'auth.token_not_yet_valid')
      for (const times of [{ exp: now - 25 }, { nbf: now + 25, iat: now + 25 }])
        expect((await call(await sign(times))).status).toBe(200)
    })

    it.each<[string, JWTPayload]>([
      ['an end', { exp: undefined }],
      ['a beginning', { iat: undefined }],
      ['a subject', { sub: undefined }],
      ['an audience', { aud: undefined }],
      ['an issuer', { iss: undefined }],
      ['an end that is a number', { exp: 'tomorrow' as unknown as number }],
      ['a subject that is one', { sub: '' }],
    ])('is refused without %s', async (_, more) => {
      await refused(await sign(more), 401, 'auth.token_invalid')
    })

    it('is refused where it is an ID token, a logout token, or a client stands for itself', async () => {
      await refused(await provider.sign({ ...provider.claims('n'), aud: 'portal' }), 401, 'auth.token_type')
      await refused(await provider.sign(good({ at_hash: 'x' }), { typ: 'JWT' }), 401, 'auth.token_type')
      await refused(await sign({ events: {} }, { typ: 'logout+jwt' }), 401, 'auth.token_type')
      await refused(await sign({ sub: 'app' }), 401, 'auth.token_type')
    })

    it('is refused where it is bound to a key', async () => {
      await refused(await sign({ cnf: { jkt: 'thumbprint' } }), 401, 'auth.token_bound')
    })

    it('is refused where it is too large, empty or no token', async () => {
      await refused('x'.repeat(tokenMaxCharacters + 1), 400, 'auth.token_too_large', 'invalid_request')
      const one = await sign()
      for (const token of ['', ' ', 'two words', `${one}, Bearer ${one}`, 'a"b', '='])
        await refused(token, 400, 'auth.token_malformed', 'invalid_request')
    })

    it('is refused beside another header of its kind', async () => {
      const token = await sign()
      const send = async (headers: string[]) => {
        const url = new URL('/api/users/me', portal.browser().url)
        const sent = request(url, { headers: ['Host', url.host, ...headers] }).end()
        const [answer] = (await once(sent, 'response')) as [NodeJS.ReadableStream & { statusCode: number }]
        const parts: Buffer[] = []
        for await (const part of answer) parts.push(part as Buffer)
        return [answer.statusCode, JSON.parse(Buffer.concat(parts).toString()).code]
      }
      const twice = ['Authorization', `Bearer ${token}`, 'Authorization', `Bearer ${token}`]
      expect(await send(twice)).toEqual([400, 'auth.ambiguous'])
      const behind = ['Authorization', 'Basic eDp5', 'Authorization', `Bearer ${token}`]
      expect(await send(behind)).toEqual([400, 'auth.ambiguous'])
      expect(await send(['Authorization', 'Basic eDp5'])).toEqual([401, 'auth.required'])
    })

    it('is refused beside our cookie, good or not, and the session stands', async () => {
      const browser = await portal.signedIn({ email: 'stands@example.org' })
      for (const token of [await sign(), await sign({ exp: 1 })]) {
        const answer = await browser.get('/api/users/me', { authorization: `Bearer ${token}` })
        expect([answer.status, answer.json.code]).toEqual([400, 'auth.ambiguous'])
      }
      expect((await browser.get('/api/users/me')).status).toBe(200)
    })

    it('is refused on open routes too, and elsewhere nobody looks', async () => {
      expect((await call('x.y.z', '/api/portal')).json.code).toBe('auth.token_invalid')
      expect((await call('x.y.z', '/health')).status).toBe(200)
    })
  })

  describe('that holds', () => {
    it('makes the user with the first call to users/me; every other route wants one who exists', async () => {
      const token = await sign({ sub: 'first', email: 'First@example.org', name: 'First Caller' })
      const early = await call(token, '/api/tenants')
      expect([early.status, early.json.code]).toEqual([401, 'auth.user_unknown'])
      expect(early.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"')
      const me = await call(token)
      expect(me.json).toMatchObject({
        email: 'first@example.org',
        name: 'First Caller',
        platformRole: 'user',
      })
      expect((await call(token, '/api/tenants')).status).toBe(200)
      expect((await call(token, '/api/users')).json.code).toBe('access.denied')
    })

    it('makes one user of twenty first calls at once', async () => {
      const token = await sign({ sub: 'parallel', email: 'parallel@example.org' })
      const answers = await Promise.all(Array.from({ length: 20 }, () => call(token)))
      expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
      expect(new Set(answers.map(({ json }) => json.id)).size).toBe(1)
    })

    it('needs to show no origin to change something', async () => {
      const boss = await sign({ sub: 'boss', email: 'boss@example.org', groups: ['bosses'] })
      expect((await call(boss)).json.platformRole).toBe('operator')
      const answer = await portal.browser().send('POST', '/api/tenants', {
        body: { slug: 'by-token', name: 'By token' },
        headers: {
          authorization: `bearer ${boss}`,
          origin: 'https://elsewhere.example',
          'sec-fetch-site': 'cross-site',
        },
      })
      expect(answer.status).toBe(201)
    })

    it('does not do what wants a session, and is not asked for a fresh proof of who somebody is', async () => {
      const boss = await sign({ sub: 'boss-2', email: 'boss-2@example.org', groups: ['bosses'] })
      expect((await call(boss)).json.platformRole).toBe('operator')
      expect((await call(boss, '/api/users/me/sessions')).json.code).toBe('auth.session_required')
      const headers = { authorization: `Bearer ${boss}` }
      const change = { currentPassword: 'x', newPassword: 'correct horse battery staple' }
      const password = await portal.browser().patch('/api/users/me/password', change, headers)
      expect([password.status, password.json.code]).toEqual([403, 'auth.session_required'])
      const another = { email: 'boss-3@example.org', name: 'Another', platformRole: 'operator' }
      const made = await portal.browser().post('/api/users', another, headers)
      expect([made.status, made.json.platformRole]).toEqual([201, 'operator'])
    })

    it('loses its rights on the next request: by disabling, and by its group', async () => {
      const token = await sign({ sub: 'loses', email: 'loses@example.org', groups: ['bosses'] })
      const { id } = (await call(token)).json
      expect((await call(token, '/api/users')).status).toBe(200)
      const without = await sign({ sub: 'loses', email: 'loses@example.org', groups: [] })
      expect((await call(without)).json.platformRole).toBe('user')
      expect((await call(token, '/api/users')).status).toBe(403)
      await db().user.update({ where: { id }, data: { status: 'disabled' } })
      for (const path of ['/api/users/me', '/api/tenants']) {
        const answer = await call(token, path)
        expect([answer.status, answer.json.code]).toEqual([403, 'auth.user_disabled'])
      }
    })

    it('does not write on ordinary requests, nor for the same token again', async () => {
      const token = await sign({ sub: 'reads', email: 'reads@example.org' })
      await call(token)
      clock.advance(90)
      const state = async () => [
        await db().externalIdentity.findFirst({ where: { subject: 'reads' } }),
        await db().auditEntry.count(),
        await db().user.findFirst({ where: { email: 'reads@example.org' } }),
      ]
      const before = await state()
      for (const path of ['/api/users/me', '/api/tenants']) expect((await call(token, path)).status).toBe(200)
      expect(await state()).toEqual(before)
    })

    it('never lets its caller take an address that somebody has', async () => {
      await portal.signedIn({ email: 'taken@example.org' })
      const token = await sign({ sub: 'taker', email: 'taken@example.org', email_verified: true })
      const answer = await call(token)
      expect([answer.status, answer.json.code]).toEqual([409, 'auth.email_taken'])
      expect(await db().externalIdentity.count({ where: { subject: 'taker' } })).toBe(0)
    })

    it('ends with its time, also where its signature was just found right', async () => {
      const token = await sign({ sub: 'brief', email: 'brief@example.org', exp: seconds() + 5 })
      expect((await call(token)).status).toBe(200)
      clock.advance(36)
      expect((await call(token)).json.code).toBe('auth.token_expired')
    })
  })

  describe('userinfo', () => {
    const bare = (sub: string) => sign({ sub, name: undefined, email: undefined, groups: undefined })

    it('adds what the token does not say', async () => {
      provider.forge.userInfo = {
        sub: 'bare',
        name: 'Bare Person',
        email: 'bare@example.org',
        groups: ['bosses'],
      }
      expect((await call(await bare('bare'))).json).toMatchObject({
        name: 'Bare Person',
        email: 'bare@example.org',
        platformRole: 'operator',
      })
    })

    it('does not count where it speaks of another person, fails or is silent', async () => {
      provider.forge.userInfo = { sub: 'another', email: 'another@example.org' }
      expect((await call(await bare('mixed-up'))).json).toMatchObject({ name: 'Unnamed person', email: null })
      provider.forge.answers['/userinfo'] = (_, response) => response.writeHead(500).end()
      expect((await call(await bare('failing'))).json).toMatchObject({ email: null })
      provider.forge.answers['/userinfo'] = () => {}
      expect((await call(await bare('silent'))).json).toMatchObject({ email: null })
    })
  })
})

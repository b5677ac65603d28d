import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { Authenticator } from '../harness/authenticator'
import { describeEachDatabase } from '../harness/databases'
import { beginSignIn, registerPasskey, setUpApp } from '../harness/factors'
import type { HttpClient } from '../harness/http'
import { password, startPortal, TestClock, type Portal } from '../harness/portal'

const origin = 'http://localhost:3000'

describeEachDatabase('a passkey', (given) => {
  const clock = new TestClock()
  let portal: Portal
  let other: Portal
  let count = 0
  let email = ''
  beforeAll(async () => {
    portal = await startPortal(given.url, { clock })
    other = await startPortal(given.url, { clock })
  })
  afterAll(async () => {
    await portal.close()
    await other.close()
  })
  beforeEach(() => {
    email = `key${(count += 1)}@example.org`
  })

  const ask = async (browser: HttpClient, path = '/api/auth/passkey/options') =>
    (await browser.post(path)).json
  const answer = (browser: HttpClient, passkey: object) => browser.post('/api/auth/passkey', { passkey })

  it('signs in alone, on another replica than the one that asked, and once for each question', async () => {
    const here = await portal.signedIn({ email })
    const authenticator = new Authenticator(origin)
    const added = await registerPasskey(here, authenticator, 'Ada’s phone')
    expect(added.status).toBe(201)
    expect(added.json.recoveryCodes).toHaveLength(10)

    const browser = portal.browser()
    const options = await ask(browser)
    expect(options).toMatchObject({ rpId: 'localhost', userVerification: 'required' })
    expect(options.allowCredentials ?? []).toEqual([])
    const passkey = authenticator.sign(options)
    const there = other.browser()
    for (const [name, pair] of browser.cookies) there.cookies.set(name, pair)
    const signedIn = await answer(there, passkey)
    expect([signedIn.status, signedIn.json.user.email]).toEqual([200, email])
    expect((await there.get('/api/auth/session')).json).toMatchObject({
      method: 'passkey',
      restricted: false,
    })
    const replayed = await answer(browser, passkey)
    expect([replayed.status, replayed.json.code]).toEqual([401, 'auth.passkey_refused'])

    const { passkeys } = (await there.get('/api/users/me/second-factor')).json
    expect(passkeys).toMatchObject([
      { name: 'Ada’s phone', synced: false, lastUsedAt: clock.now().toISOString() },
    ])
    expect(passkeys[0]).not.toHaveProperty('publicKey')
  })

  it('gives one session to twenty who answer the same question at once', async () => {
    const authenticator = new Authenticator(origin)
    await registerPasskey(await portal.signedIn({ email }), authenticator)
    const browser = portal.browser()
    const passkey = authenticator.sign(await ask(browser))
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => {
        const racer = (index % 2 ? portal : other).browser()
        for (const [name, pair] of browser.cookies) racer.cookies.set(name, pair)
        return answer(racer, passkey)
      }),
    )
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(19)
  })

  it.each([
    ['for another origin', { origin: 'https://evil.example' }],
    ['for another host', { rpId: 'evil.example' }],
    ['without unlocking', { userVerified: false }],
    ['for another question', { challenge: Buffer.from('another').toString('base64url') }],
    ['for another user', { userHandle: Buffer.from('somebody else').toString('base64url') }],
    ['with a counter that went back', { counter: 1 }],
  ])('is refused %s, and leaves a line in the audit', async (_, overrides) => {
    const authenticator = new Authenticator(origin)
    await registerPasskey(await portal.signedIn({ email }), authenticator)
    const honest = portal.browser()
    authenticator.counter = 5
    expect((await answer(honest, authenticator.sign(await ask(honest)))).status).toBe(200)
    const browser = portal.browser()
    const refused = await answer(browser, authenticator.sign(await ask(browser), overrides))
    expect([refused.status, refused.json.code]).toEqual([401, 'auth.passkey_refused'])
    expect(browser.cookie).toBeUndefined()
    const { id } = (await honest.get('/api/auth/session')).json.user
    const where = { action: 'user.passkey_refused', subjectId: id }
    expect(await given.database.client.auditEntry.count({ where })).toBe(1)
    expect((await honest.get('/api/me')).status).toBe(200)
  })

  it('is refused in another browser, later than 5 minutes, with another key, and for who was disabled', async () => {
    const boss = await portal.operator()
    const here = await portal.signedIn({ email })
    const authenticator = new Authenticator(origin)
    await registerPasskey(here, authenticator)
    const browser = portal.browser()
    const elsewhere = authenticator.sign(await ask(browser))
    expect((await answer(portal.browser(), elsewhere)).status).toBe(401)
    const options = await ask(browser)
    expect(
      (
        await answer(browser, {
          ...new Authenticator(origin).sign(options),
          id: authenticator.id,
          rawId: authenticator.id,
        })
      ).status,
    ).toBe(401)
    const late = authenticator.sign(await ask(browser))
    clock.advance(301)
    expect((await answer(browser, late)).status).toBe(401)
    const { id } = (await here.get('/api/auth/session')).json.user
    const fresh = authenticator.sign(await ask(browser))
    expect((await boss.patch(`/api/users/${id}`, { status: 'disabled' })).status).toBe(200)
    expect((await answer(browser, fresh)).status).toBe(401)
  })

  it('is a second factor after the password, for that question alone', async () => {
    const here = await portal.signedIn({ email })
    const authenticator = new Authenticator(origin)
    await registerPasskey(here, authenticator)
    const browser = portal.browser()
    expect(await beginSignIn(browser, email)).toEqual(['passkey', 'recovery'])
    // What was asked to sign in with alone.
    const alone = authenticator.sign(await ask(browser))
    expect((await browser.post('/api/auth/second-factor', { passkey: alone })).status).toBe(401)
    const options = await ask(browser, '/api/auth/second-factor/passkey-options')
    expect(options.allowCredentials).toMatchObject([{ id: authenticator.id, transports: ['internal'] }])
    const right = await browser.post('/api/auth/second-factor', { passkey: authenticator.sign(options) })
    expect([right.status, right.json.user.email]).toEqual([200, email])
    expect((await portal.browser().post('/api/auth/second-factor/passkey-options')).json.code).toBe(
      'auth.sign_in_expired',
    )
  })

  it('is registered once, by who was asked, from the portal’s own origin', async () => {
    const here = await portal.signedIn({ email })
    const authenticator = new Authenticator(origin)
    const register = async (browser: HttpClient, overrides = {}) => {
      const options = await ask(browser, '/api/users/me/passkeys/options')
      return browser.post('/api/users/me/passkeys', {
        name: 'Key',
        passkey: authenticator.register(options, overrides),
      })
    }
    for (const overrides of [
      { origin: 'https://evil.example' },
      { rpId: 'evil.example' },
      { userVerified: false },
      { challenge: 'AAAA' },
    ]) {
      const refused = await register(here, overrides)
      expect([refused.status, refused.json.code]).toEqual([422, 'second_factor.passkey_refused'])
    }
    const options = await ask(here, '/api/users/me/passkeys/options')
    const thief = await portal.signedIn({ email: `thief-${email}` })
    for (const [name, pair] of here.cookies) thief.cookies.set(name, pair)
    const stolen = await thief.post('/api/users/me/passkeys', {
      name: 'Key',
      passkey: authenticator.register(options),
    })
    expect(stolen.status).toBe(422)
    expect((await register(here)).status).toBe(201)
    const again = await register(await portal.signedIn({ email: `second-${email}` }))
    expect([again.status, again.json.code]).toEqual([409, 'passkey.already_registered'])
  })

  it('is one of several, renamed and removed by its owner alone', async () => {
    const here = await portal.signedIn({ email })
    const [first, second] = [new Authenticator(origin), new Authenticator(origin)]
    await registerPasskey(here, first, 'First')
    const added = await registerPasskey(here, second, 'Second')
    expect(added.json.recoveryCodes).toBeNull()
    const list = async () => (await here.get('/api/users/me/second-factor')).json.passkeys
    const [{ id }] = await list()
    const stranger = await portal.signedIn({ email: `stranger-${email}` })
    expect((await stranger.patch(`/api/users/me/passkeys/${id}`, { name: 'Mine' })).status).toBe(404)
    expect((await stranger.delete(`/api/users/me/passkeys/${id}`)).status).toBe(404)
    expect((await here.patch(`/api/users/me/passkeys/${id}`, { name: 'Old phone' })).json.name).toBe(
      'Old phone',
    )
    expect((await list()).map(({ name }: { name: string }) => name)).toEqual(['Old phone', 'Second'])
    expect((await here.delete(`/api/users/me/passkeys/${id}`)).status).toBe(204)
    expect(await list()).toHaveLength(1)
    const browser = portal.browser()
    expect((await answer(browser, first.sign(await ask(browser)))).status).toBe(401)
    expect((await answer(browser, second.sign(await ask(browser)))).status).toBe(200)
  })

  it('stands beside an app, and proves anew who somebody is', async () => {
    const here = await portal.signedIn({ email })
    const authenticator = new Authenticator(origin)
    const { codes } = await setUpApp(here, clock)
    await registerPasskey(here, authenticator)
    clock.advance(601)
    const former = here.cookie
    const refused = await here.delete('/api/users/me/second-factor/totp')
    expect([refused.status, refused.json.code]).toEqual([403, 'auth.step_up_required'])
    const options = await ask(here, '/api/auth/step-up/passkey-options')
    const passkey = authenticator.sign(options)
    expect((await here.post('/api/auth/step-up', { passkey })).status).toBe(204)
    expect(here.cookie).not.toBe(former)
    expect((await here.post('/api/auth/step-up', { passkey })).status).toBe(422)
    expect((await here.delete('/api/users/me/second-factor/totp')).status).toBe(204)

    clock.advance(601)
    const passwordAlone = await here.post('/api/auth/step-up', { password })
    expect([passwordAlone.status, passwordAlone.json.code]).toEqual([422, 'second_factor.needed'])
    expect((await here.post('/api/auth/step-up', { password, totp: codes.at() })).status).toBe(422)
  })

  it('refuses what is malformed or oversized', async () => {
    const browser = portal.browser()
    const authenticator = new Authenticator(origin)
    const good = authenticator.sign(await ask(browser))
    for (const passkey of [
      { ...good, id: 'x'.repeat(2000) },
      { ...good, type: 'password' },
      { ...good, response: { ...good.response, signature: 'not base64url!' } },
      { ...good, response: { ...good.response, clientDataJSON: 'a'.repeat(10_000) } },
    ])
      expect((await answer(browser, passkey)).status).toBe(422)
    const nonsense = {
      ...good,
      response: { ...good.response, clientDataJSON: 'AAAA', authenticatorData: 'AAAA' },
    }
    expect((await answer(browser, nonsense)).status).toBe(401)
  })
})

import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { describeEachDatabase } from '../harness/databases'
import { beginSignIn, setUpApp } from '../harness/factors'
import type { HttpClient } from '../harness/http'
import { password, startPortal, TestClock, type Portal } from '../harness/portal'

describeEachDatabase('a second factor', (given) => {
  const clock = new TestClock()
  /** Two replicas on one database. */
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
    email = `person${(count += 1)}@example.org`
  })

  const second = (browser: HttpClient, proof: object) => browser.post('/api/auth/second-factor', proof)
  const isSignedIn = async (browser: HttpClient) => (await browser.get('/api/me')).status === 200

  it('is asked for at the next sign-in, which has no session before it is right', async () => {
    const here = await portal.signedIn({ email })
    const { codes, recoveryCodes } = await setUpApp(here, clock)
    expect(recoveryCodes).toHaveLength(10)
    expect((await here.get('/api/users/me/second-factor')).json).toMatchObject({
      recoveryCodesLeft: 10,
      required: false,
      withPassword: true,
      passkeys: [],
    })
    clock.advance(30)
    const browser = portal.browser()
    const login = await browser.post('/api/auth/login', { email, password })
    expect([login.status, login.json]).toEqual([200, { secondFactor: ['totp', 'recovery'] }])
    expect(browser.cookie).toBeUndefined()
    expect(login.headers.getSetCookie()[0]).toMatch(
      /^tenantry_pending=[\w-]{43}; Max-Age=300;.*HttpOnly; SameSite=Strict/,
    )
    expect(await isSignedIn(browser)).toBe(false)

    const wrong = await second(browser, { totp: '000000' })
    expect([wrong.status, wrong.json.code]).toEqual([401, 'auth.second_factor_wrong'])
    // On the other replica.
    const there = other.browser()
    for (const [name, pair] of browser.cookies) there.cookies.set(name, pair)
    const right = await second(there, { totp: codes.at() })
    expect([right.status, right.json.user.email]).toEqual([200, email])
    expect(await isSignedIn(there)).toBe(true)
    expect((await second(browser, { recovery: recoveryCodes[0] })).json.code).toBe('auth.sign_in_expired')
  })

  it('accepts one code once, of twenty who show it at once on two replicas', async () => {
    const { codes } = await setUpApp(await portal.signedIn({ email }), clock)
    clock.advance(30)
    const browsers = Array.from({ length: 10 }, (_, index) => (index % 2 ? portal : other).browser())
    for (const browser of browsers) await beginSignIn(browser, email)
    const answers = await Promise.all(
      [...browsers, ...browsers].map((browser) => second(browser, { totp: codes.at() })),
    )
    const statuses = answers.map(({ status }) => status)
    expect(statuses.filter((status) => status === 200)).toHaveLength(1)
    expect(new Set(statuses)).toEqual(new Set([200, 401, 429]))
  })

  it('accepts a code of the step before and after, none twice, and none that is older', async () => {
    const { codes } = await setUpApp(await portal.signedIn({ email }), clock)
    clock.advance(120)
    const signIn = async (totp: string) => {
      const browser = portal.browser()
      await beginSignIn(browser, email)
      return (await second(browser, { totp })).status
    }
    expect(await signIn(codes.at(-60))).toBe(401)
    expect(await signIn(codes.at(60))).toBe(401)
    expect(await signIn(codes.at(-30))).toBe(200)
    expect(await signIn(codes.at(-30))).toBe(401)
    const later = codes.at(30)
    expect(await signIn(later)).toBe(200)
    // The step between was skipped, and counts as used.
    expect(await signIn(codes.at(0))).toBe(401)
    expect(await signIn(`${later.slice(0, 3)} ${later.slice(3)}`)).toBe(401)
  })

  it('can be a recovery code instead, each once, of twenty at once', async () => {
    const { recoveryCodes } = await setUpApp(await portal.signedIn({ email }), clock)
    const [code = '', next = ''] = recoveryCodes
    const browsers = Array.from({ length: 10 }, (_, index) => (index % 2 ? portal : other).browser())
    for (const browser of browsers) await beginSignIn(browser, email)
    const answers = await Promise.all(
      [...browsers, ...browsers].map((browser) => second(browser, { recovery: code.toUpperCase() })),
    )
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    clock.advance(901)
    const browser = portal.browser()
    await beginSignIn(browser, email)
    expect((await second(browser, { recovery: next.replace('-', ' ') })).status).toBe(200)
    expect((await browser.get('/api/users/me/second-factor')).json.recoveryCodesLeft).toBe(8)
    const rows = await given.database.client.recoveryCode.findMany()
    expect(JSON.stringify(rows)).not.toContain(recoveryCodes[2]?.replace('-', ''))
  })

  it('can not be another person’s', async () => {
    const mine = await setUpApp(await portal.signedIn({ email }), clock)
    const theirs = await setUpApp(await portal.signedIn({ email: `other-${email}` }), clock)
    clock.advance(30)
    const browser = portal.browser()
    await beginSignIn(browser, email)
    expect((await second(browser, { totp: theirs.codes.at() })).status).toBe(401)
    expect((await second(browser, { recovery: theirs.recoveryCodes[0] })).status).toBe(401)
    expect((await second(browser, { totp: mine.codes.at() })).status).toBe(200)
  })

  it('limits wrong codes by user over both replicas, whatever sign-ins they come from', async () => {
    const { codes } = await setUpApp(await portal.signedIn({ email }), clock)
    clock.advance(30)
    const browsers = [portal.browser(), other.browser()]
    for (const browser of browsers) await beginSignIn(browser, email)
    const guesses = Array.from({ length: 14 }, (_, index) =>
      second(browsers[index % 2] ?? portal.browser(), { recovery: `guess-${index}` }),
    )
    const statuses = (await Promise.all(guesses)).map(({ status }) => status)
    expect(statuses.filter((status) => status === 401)).toHaveLength(10)
    expect(statuses.filter((status) => status === 429)).toHaveLength(4)
    const browser = portal.browser()
    await beginSignIn(browser, email)
    expect((await second(browser, { totp: codes.at() })).status).toBe(429)
    clock.advance(901)
    const again = portal.browser()
    await beginSignIn(again, email)
    expect((await second(again, { totp: codes.at() })).status).toBe(200)
  })

  it('keeps the attempts on the password counted until it is right', async () => {
    await setUpApp(await portal.signedIn({ email }), clock)
    for (let attempt = 1; attempt <= 10; attempt += 1) await beginSignIn(portal.browser(), email)
    expect((await portal.browser().post('/api/auth/login', { email, password })).status).toBe(429)
    clock.advance(901)
  })

  it('waits 5 minutes, for the password that was right, and never for who was disabled', async () => {
    const boss = await portal.operator()
    const here = await portal.signedIn({ email })
    const { recoveryCodes } = await setUpApp(here, clock)
    const [late, changed, disabled] = [portal.browser(), portal.browser(), portal.browser()]
    await beginSignIn(late, email)
    clock.advance(301)
    expect((await second(late, { recovery: recoveryCodes[0] })).json.code).toBe('auth.sign_in_expired')

    await beginSignIn(changed, email)
    const newPassword = 'winter turnips sing loudly'
    await here.patch('/api/users/me/password', { currentPassword: password, newPassword })
    expect((await second(changed, { recovery: recoveryCodes[0] })).json.code).toBe('auth.sign_in_expired')
    await here.patch('/api/users/me/password', { currentPassword: newPassword, newPassword: password })

    await beginSignIn(disabled, email)
    const { id } = (await here.get('/api/auth/session')).json.user
    await boss.patch(`/api/users/${id}`, { status: 'disabled' })
    const refused = await second(disabled, { recovery: recoveryCodes[0] })
    expect([refused.status, refused.json.code]).toEqual([401, 'auth.sign_in_expired'])
    expect(refused.headers.getSetCookie()).toEqual([])
  })

  it('counts for nothing before its first code, and ends every other session then', async () => {
    const here = await portal.signedIn({ email })
    const there = await portal.signedIn({ email })
    const former = here.cookie
    const begun = await here.post('/api/users/me/second-factor/totp')
    expect(begun.json).toMatchObject({ secret: expect.stringMatching(/^[A-Z2-7]{32}$/) })
    expect(begun.json.qr).toMatch(/^data:image\/svg\+xml;base64,/)
    expect(begun.json.uri).toContain(`secret=${begun.json.secret}`)
    const plain = portal.browser()
    expect((await plain.post('/api/auth/login', { email, password })).json.user.email).toBe(email)
    const wrong = await here.post('/api/users/me/second-factor/totp/confirm', { code: '123456' })
    expect([wrong.status, wrong.json.errors[0].path]).toEqual([422, 'code'])
    expect((await there.get('/api/me')).status).toBe(200)

    await setUpApp(here, clock)
    expect(here.cookie).not.toBe(former)
    expect((await here.get('/api/me')).status).toBe(200)
    for (const browser of [there, plain]) expect((await browser.get('/api/me')).status).toBe(401)
    const stale = portal.browser()
    stale.cookie = former
    expect((await stale.get('/api/me')).status).toBe(401)
    const rows = await given.database.client.totpFactor.findMany()
    expect(
      JSON.stringify(rows, (_, value) => (typeof value === 'bigint' ? String(value) : value)),
    ).not.toContain(begun.json.secret)
  })

  it('can be removed, which ends the recovery codes and every other session', async () => {
    const here = await portal.signedIn({ email })
    const { recoveryCodes } = await setUpApp(here, clock)
    const renewed = await here.post('/api/users/me/second-factor/recovery-codes')
    expect(renewed.status).toBe(201)
    expect(renewed.json.recoveryCodes).toHaveLength(10)
    expect(renewed.json.recoveryCodes).not.toContain(recoveryCodes[0])
    const there = portal.browser()
    await beginSignIn(there, email)
    expect((await second(there, { recovery: recoveryCodes[0] })).status).toBe(401)
    expect((await second(there, { recovery: renewed.json.recoveryCodes[0] })).status).toBe(200)

    expect((await here.delete('/api/users/me/second-factor/totp')).status).toBe(204)
    expect((await there.get('/api/me')).status).toBe(401)
    expect((await here.get('/api/users/me/second-factor')).json).toMatchObject({
      totp: null,
      recoveryCodesLeft: 0,
    })
    expect((await here.delete('/api/users/me/second-factor/totp')).status).toBe(409)
    const login = await portal.browser().post('/api/auth/login', { email, password })
    expect(login.json.user.email).toBe(email)
  })

  it('refuses what is malformed or oversized', async () => {
    const browser = portal.browser()
    for (const proof of [
      {},
      { totp: '12' },
      { totp: '1234567' },
      { recovery: 'x'.repeat(41) },
      { totp: '123456', recovery: 'a' },
      { passkey: {} },
    ])
      expect((await second(browser, proof)).status).toBe(422)
    expect((await second(browser, { totp: '123456' })).json.code).toBe('auth.sign_in_expired')
    browser.cookies.set('tenantry_pending', `tenantry_pending=${'x'.repeat(5000)}`)
    expect((await second(browser, { totp: '123456' })).json.code).toBe('auth.sign_in_expired')
  })
})

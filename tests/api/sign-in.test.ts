import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeEachDatabase, makeDatabase, type MadeDatabase } from '../harness/databases'
import { operatorEmail, password, startPortal, TestClock, type Portal } from '../harness/portal'

describeEachDatabase('standalone sign-in', (given) => {
  const clock = new TestClock()
  let portal: Portal
  beforeAll(async () => {
    portal = await startPortal(given.url, { clock })
    await portal.operator()
  })
  afterAll(() => portal.close())

  it('signs in with the right password, and shows who is there', async () => {
    const browser = portal.browser()
    const login = await browser.post('/api/auth/login', { email: ' Olga@Example.org ', password })
    expect(login.status).toBe(200)
    expect(login.json.user).toMatchObject({
      email: operatorEmail,
      platformRole: 'operator',
      status: 'active',
    })
    expect(login.json.user).not.toHaveProperty('passwordHash')
    const session = await browser.get('/api/auth/session')
    expect(session.json).toMatchObject({ authMode: 'standalone', user: { email: operatorEmail } })
    expect(session.json.user.lastLoginAt).toBe(clock.now().toISOString())
  })

  it('keeps the token in an HttpOnly, SameSite=Lax cookie, and only its hash in the database', async () => {
    const browser = portal.browser()
    const login = await browser.post('/api/auth/login', { email: operatorEmail, password })
    const cookie = login.headers.getSetCookie()[0] ?? ''
    expect(cookie).toMatch(/^tenantry_session=[A-Za-z0-9_-]{43};/)
    expect(cookie).toMatch(/HttpOnly/)
    expect(cookie).toMatch(/SameSite=Lax/)
    expect(cookie).not.toMatch(/Secure/)
    const token = /=([^;]+)/.exec(cookie)?.[1] ?? ''
    const rows = await given.database.client.session.findMany()
    expect(JSON.stringify(rows)).not.toContain(token)
  })

  it('answers an unknown address, a wrong password and a user without one alike', async () => {
    const boss = await portal.operator()
    await boss.post('/api/users', { email: 'nopassword@example.org', name: 'No Password' })
    const answers = []
    for (const email of ['nobody@example.org', operatorEmail, 'nopassword@example.org']) {
      const { status, json } = await portal
        .browser()
        .post('/api/auth/login', { email, password: 'wrong password' })
      answers.push({ status, code: json.code, title: json.title, detail: json.detail })
    }
    expect(answers[0]).toMatchObject({ status: 401, code: 'auth.invalid_credentials' })
    expect(answers[1]).toEqual(answers[0])
    expect(answers[2]).toEqual(answers[0])
  })

  it('gives a new session at each login and ends the one that the browser had', async () => {
    const browser = await portal.operator()
    const former = browser.cookie
    await browser.post('/api/auth/login', { email: operatorEmail, password })
    expect(browser.cookie).not.toBe(former)
    const old = portal.browser()
    old.cookie = former
    expect((await old.get('/api/auth/session')).status).toBe(401)
  })

  it('signs out so that the old cookie is worth nothing', async () => {
    const browser = await portal.operator()
    const former = browser.cookie
    expect((await browser.post('/api/auth/logout')).status).toBe(204)
    expect(browser.cookie).toBeUndefined()
    browser.cookie = former
    expect((await browser.get('/api/me')).status).toBe(401)
  })

  it('ends a session by its idle limit and by its absolute limit', async () => {
    const idle = await portal.operator()
    const busy = await portal.operator()
    for (let day = 1; day <= 6; day += 1) {
      clock.advance(80_000)
      expect((await busy.get('/api/auth/session')).status).toBe(200)
    }
    expect((await idle.get('/api/auth/session')).status).toBe(401)
    clock.advance(80_000)
    expect((await busy.get('/api/auth/session')).status).toBe(200)
    clock.advance(50_000)
    expect((await busy.get('/api/auth/session')).status).toBe(401)
  })

  it('lists own sessions, and ends one or all others', async () => {
    const here = await portal.signedIn({ email: 'sam@example.org' })
    const [there, elsewhere] = [
      await portal.signedIn({ email: 'sam@example.org' }),
      await portal.signedIn({ email: 'sam@example.org' }),
    ]
    const { json } = await here.get('/api/users/me/sessions')
    expect(json.items).toHaveLength(3)
    expect(json.items.filter((session: { current: boolean }) => session.current)).toHaveLength(1)
    expect(json.items[0]).not.toHaveProperty('tokenHash')

    const thereId = (await there.get('/api/users/me/sessions')).json.items.find(
      (s: { current: boolean }) => s.current,
    ).id
    const stranger = await portal.signedIn({ email: 'stranger@example.org' })
    expect((await stranger.delete(`/api/users/me/sessions/${thereId}`)).status).toBe(404)
    expect((await here.delete(`/api/users/me/sessions/${thereId}`)).status).toBe(204)
    expect((await there.get('/api/auth/session')).status).toBe(401)
    expect((await here.delete('/api/users/me/sessions')).status).toBe(204)
    expect((await elsewhere.get('/api/auth/session')).status).toBe(401)
    expect((await here.get('/api/auth/session')).status).toBe(200)
  })

  it('changes the own password, and ends every other session with it', async () => {
    const here = await portal.signedIn({ email: 'pia@example.org' })
    const there = await portal.signedIn({ email: 'pia@example.org' })
    const former = here.cookie
    const wrong = await here.patch('/api/users/me/password', {
      currentPassword: 'not my password',
      newPassword: 'winter turnips sing loudly',
    })
    expect(wrong.status).toBe(422)
    expect(wrong.json.errors).toEqual([
      { path: 'currentPassword', message: 'This is not your current password.' },
    ])
    const weak = await here.patch('/api/users/me/password', {
      currentPassword: password,
      newPassword: 'password12345',
    })
    expect(weak.json).toMatchObject({
      status: 422,
      code: 'password.too_weak',
      errors: [{ path: 'newPassword' }],
    })

    const newPassword = 'winter turnips sing loudly'
    expect(
      (await here.patch('/api/users/me/password', { currentPassword: password, newPassword })).status,
    ).toBe(204)
    expect(here.cookie).not.toBe(former)
    expect((await here.get('/api/auth/session')).status).toBe(200)
    expect((await there.get('/api/auth/session')).status).toBe(401)
    const again = portal.browser()
    expect((await again.post('/api/auth/login', { email: 'pia@example.org', password })).status).toBe(401)
    expect(
      (await again.post('/api/auth/login', { email: 'pia@example.org', password: newPassword })).status,
    ).toBe(200)
  })

  it('limits attempts on one account, also when they come at once, and says how long to wait', async () => {
    await portal.signedIn({ email: 'target@example.org' })
    const attempt = () =>
      portal.browser().post('/api/auth/login', { email: 'target@example.org', password: 'a guess' })
    const answers = await Promise.all(Array.from({ length: 14 }, attempt))
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(10)
    const limited = answers.find(({ status }) => status === 429)
    expect(limited?.json.code).toBe('rate.limited')
    expect(Number(limited?.headers.get('retry-after'))).toBeGreaterThan(0)
    const right = { email: 'target@example.org', password }
    expect((await portal.browser().post('/api/auth/login', right)).status).toBe(429)
    clock.advance(901)
    expect((await portal.browser().post('/api/auth/login', right)).status).toBe(200)
  })

  it('refuses what another site made the browser send', async () => {
    const browser = await portal.operator()
    const foreign = { origin: 'https://evil.example' }
    expect((await browser.post('/api/auth/logout', undefined, foreign)).json.code).toBe('csrf.refused')
    expect((await browser.post('/api/auth/logout', undefined, { origin: 'null' })).status).toBe(403)
    const login = await portal.browser().post('/api/auth/login', { email: operatorEmail, password }, foreign)
    expect(login.status).toBe(403)
    expect((await browser.get('/api/auth/session')).status).toBe(200)
    const sameOrigin = await browser.patch(
      '/api/users/me/profile',
      { locale: 'de' },
      { origin: 'http://127.0.0.1:3000', 'sec-fetch-site': 'same-origin' },
    )
    expect(sameOrigin.status).toBe(200)
  })

  it('lets no one in who was disabled, and ends their sessions', async () => {
    const boss = await portal.operator()
    const browser = await portal.signedIn({ email: 'dora@example.org' })
    const { id } = (await browser.get('/api/auth/session')).json.user
    expect((await boss.patch(`/api/users/${id}`, { status: 'disabled' })).status).toBe(200)
    expect((await browser.get('/api/auth/session')).status).toBe(401)
    const login = await portal.browser().post('/api/auth/login', { email: 'dora@example.org', password })
    expect(login.json.code).toBe('auth.invalid_credentials')
  })
})

describe.each(['sqlite', 'postgresql'] as const)('the set-up wizard on %s', (provider) => {
  let made: MadeDatabase
  let portal: Portal
  beforeAll(async () => {
    made = await makeDatabase(provider, 'empty')
    portal = await startPortal(made.url)
  })
  afterAll(async () => {
    await portal.close()
    await made.remove()
  })

  it('makes one operator of twenty who try at once, names the portal, and creates the first tenant', async () => {
    expect((await portal.browser().get('/api/setup')).json).toEqual({ needed: true })
    const attempt = (index: number) =>
      portal.browser().post('/api/setup', {
        name: `Operator ${index}`,
        email: `operator${index}@example.org`,
        password,
        portalName: 'Acme Cloud',
        tenant: { slug: 'acme', name: 'Acme' },
      })
    const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => attempt(index)))
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array<number>(19).fill(409)])
    expect(answers.find(({ status }) => status === 409)?.json.code).toBe('setup.already_done')
    expect((await portal.browser().get('/api/setup')).json).toEqual({ needed: false })
    expect((await portal.browser().get('/api/portal')).json).toEqual({
      name: 'Acme Cloud',
      authMode: 'standalone',
      setupNeeded: false,
      passwordReset: false,
      signIn: { local: true, provider: null },
    })
    expect(await portal.container.database.client.user.count()).toBe(1)
    expect(await portal.container.database.client.tenant.count()).toBe(1)
    expect(await portal.container.database.client.membership.count({ where: { role: 'owner' } })).toBe(1)
    const { user } = answers.find(({ status }) => status === 201)?.json ?? {}
    expect(Date.now() - Date.parse(user.lastLoginAt)).toBeLessThan(60_000)
    const signedIn = { action: 'user.signed_in', actorId: user.id, subjectId: user.id }
    expect(await portal.container.database.client.auditEntry.count({ where: signedIn })).toBe(1)
  })
})

describe('the set-up wizard', () => {
  let made: MadeDatabase
  let portal: Portal
  beforeAll(async () => {
    made = await makeDatabase('sqlite')
    portal = await startPortal(made.url)
  })
  afterAll(async () => {
    await portal.close()
    await made.remove()
  })

  it.each([
    ['too short', 'eleven char'],
    ['longer than 1,024 bytes', 'ä'.repeat(513)],
    ['a common one', 'password1234'],
    ['the own name', 'olgaoperator'],
  ])('refuses a password that is %s', async (_, weak) => {
    const answer = await portal
      .browser()
      .post('/api/setup', { name: 'Olga Operator', email: operatorEmail, password: weak })
    expect(answer.status).toBe(422)
    expect(answer.json.errors[0].path).toBe('password')
    expect(answer.text).not.toContain(weak)
  })

  it('is absent in oidc-only mode, with everything else about passwords', async () => {
    const oidcOnly = await startPortal(made.url, {
      env: {
        AUTH_MODE: 'oidc-only',
        OIDC_ISSUER: 'https://id.example.org',
        OIDC_CLIENT_ID: 'tenantry',
        OIDC_CLIENT_SECRET: 'secret',
      },
    })
    try {
      const browser = oidcOnly.browser()
      expect((await browser.get('/api/setup')).status).toBe(404)
      expect((await browser.post('/api/setup', {})).status).toBe(404)
      expect((await browser.post('/api/auth/login', {})).status).toBe(404)
      expect((await browser.patch('/api/users/me/password', {})).status).toBe(404)
      expect((await browser.get('/api/users/me/password')).status).toBe(404)
      expect((await browser.send('PUT', '/api/setup')).status).toBe(404)
      expect((await browser.send('PUT', '/api/me')).headers.get('allow')).toBe('GET')
      expect((await browser.get('/api/portal')).json).toMatchObject({
        authMode: 'oidc-only',
        setupNeeded: false,
      })
    } finally {
      await oidcOnly.close()
    }
  })
})

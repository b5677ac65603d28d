import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeEachDatabase } from '../harness/databases'
import { HttpClient } from '../harness/http'
import { password, startPortal, TestClock, type Portal } from '../harness/portal'

describeEachDatabase('sessions', (given) => {
  const clock = new TestClock()
  let portal: Portal
  let boss: HttpClient
  let nextPerson = 0
  beforeAll(async () => {
    portal = await startPortal(given.url, { clock })
    boss = await portal.operator()
    await boss.post('/api/tenants', { slug: 'acme', name: 'Acme' })
  })
  afterAll(() => portal.close())

  /** Somebody new, with their browser and id. */
  async function somebody() {
    const email = `person${nextPerson++}@example.org`
    const browser = await portal.signedIn({ email })
    const { id } = (await browser.get('/api/auth/session')).json.user as { id: string }
    return { email, browser, id }
  }
  /** The same cookie in other hands: it is not told of a new one. */
  function copyOf(browser: HttpClient): HttpClient {
    const copy = new HttpClient(browser.url, browser.origin)
    copy.cookie = browser.cookie
    return copy
  }
  const signInAgain = async (email: string) => {
    const browser = portal.browser()
    expect((await browser.post('/api/auth/login', { email, password })).status).toBe(200)
    return browser
  }
  const codeOf = async (browser: HttpClient) => {
    const { status, json } = await browser.get('/api/tenants')
    return [status, json.code]
  }
  const give = (email: string, role = 'member') => boss.post('/api/tenants/acme/members', { email, role })

  it('lists each with how it began, and ends one, or all others', async () => {
    const { browser, email } = await somebody()
    const others = [await signInAgain(email), await signInAgain(email), await signInAgain(email)]
    const { items } = (await browser.get('/api/users/me/sessions')).json
    expect(items).toHaveLength(4)
    expect(items.filter(({ current }: { current: boolean }) => current)).toHaveLength(1)
    expect(items[0]).toMatchObject({ method: 'password', secondFactor: false, userAgent: 'node' })
    expect(JSON.stringify(items)).not.toMatch(/hash|token/i)

    expect((await browser.delete(`/api/users/me/sessions/${items[0].id}`)).status).toBe(204)
    expect(await codeOf(others[2] as HttpClient)).toEqual([401, 'auth.session_ended'])
    expect((await browser.delete(`/api/users/me/sessions/${items[0].id}`)).status).toBe(404)
    expect((await browser.delete('/api/users/me/sessions')).status).toBe(204)
    for (const other of others) expect(await codeOf(other)).toEqual([401, 'auth.session_ended'])
    expect((await browser.get('/api/tenants')).status).toBe(200)
  })

  it('says why a session is over to whoever held it, and to nobody else', async () => {
    const { browser, id, email } = await somebody()
    const signedOut = copyOf(browser)
    await browser.post('/api/auth/logout')
    expect(await codeOf(signedOut)).toEqual([401, 'auth.session_ended'])

    const disabled = await signInAgain(email)
    await boss.patch(`/api/users/${id}`, { status: 'disabled' })
    expect(await codeOf(disabled)).toEqual([401, 'auth.user_disabled'])
    await boss.patch(`/api/users/${id}`, { status: 'active' })
    expect(await codeOf(disabled)).toEqual([401, 'auth.session_ended'])

    const stranger = portal.browser()
    expect(await codeOf(stranger)).toEqual([401, 'auth.required'])
    stranger.cookie = `tenantry_session=${'A'.repeat(43)}`
    expect(await codeOf(stranger)).toEqual([401, 'auth.required'])
  })

  it.each([
    ['refreshes itself', { 'x-background': '1' }],
    ['listens on', { accept: 'text/event-stream' }],
  ])('is not kept from its idle limit by a page that %s', async (_, headers) => {
    const { idleSeconds } = portal.container.sessionLimits
    const { browser } = await somebody()
    clock.advance(idleSeconds - 120)
    expect((await browser.get('/api/tenants', headers)).status).toBe(200)
    clock.advance(121)
    expect((await browser.get('/api/tenants', headers)).json.code).toBe('auth.session_ended')
    expect(await codeOf(browser)).toEqual([401, 'auth.session_ended'])
  })

  it('counts what changes something as use, whatever it says of itself', async () => {
    const { idleSeconds } = portal.container.sessionLimits
    const { browser } = await somebody()
    clock.advance(idleSeconds - 120)
    const said = { 'x-background': '1' }
    expect((await browser.patch('/api/users/me/profile', { name: 'Somebody' }, said)).status).toBe(200)
    clock.advance(121)
    expect((await browser.get('/api/tenants')).status).toBe(200)
  })

  it('expires a session that nobody uses, and remembers it as long as its cookie', async () => {
    const { ttlSeconds, idleSeconds } = portal.container.sessionLimits
    const { browser } = await somebody()
    clock.advance(idleSeconds + 1)
    expect(await codeOf(browser)).toEqual([401, 'auth.session_ended'])
    const { endExpiredSessions } = await import('#server/auth/sessions/sessions')
    const tidy = () =>
      endExpiredSessions(portal.container.scopes.platform('test'), portal.container.sessionLimits)
    expect(await tidy()).toBeGreaterThan(0)
    const expired = await browser.get('/api/tenants')
    expect([expired.status, expired.json.code]).toEqual([401, 'auth.session_ended'])
    expect(expired.json.detail).toContain('not used')
    clock.advance(ttlSeconds)
    await tidy()
    expect(await codeOf(browser)).toEqual([401, 'auth.required'])
    expect(await given.database.client.endedSession.count()).toBe(0)
    boss = await portal.operator()
  })

  it('notes the last use once a minute, however many ask at once', async () => {
    const { browser, id } = await somebody()
    const seen = async () =>
      (await given.database.client.session.findMany({ where: { userId: id } })).map(({ lastSeenAt }) =>
        lastSeenAt.getTime(),
      )
    const before = await seen()
    clock.advance(59)
    await browser.get('/api/tenants')
    expect(await seen()).toEqual(before)
    clock.advance(1)
    await Promise.all(Array.from({ length: 8 }, () => browser.get('/api/tenants')))
    expect(await seen()).toEqual(before.map((moment) => moment + 60_000))
  })

  it.each([
    ['given', (email: string) => give(email)],
    ['changed', (_: string, id: string) => boss.patch(`/api/tenants/acme/members/${id}`, { role: 'admin' })],
    ['taken away', (_: string, id: string) => boss.delete(`/api/tenants/acme/members/${id}`)],
  ])('gets a new token when a membership was %s, and the former one dies', async (_, change) => {
    const { browser, email, id } = await somebody()
    const isNew = _ === 'given'
    if (!isNew) {
      await give(email)
      await browser.get('/api/auth/session')
    }
    const former = copyOf(browser)
    expect((await change(email, id)).status).toBeLessThan(300)
    expect((await browser.get('/api/tenants')).status).toBe(200)
    expect(browser.cookie).toBe(former.cookie)
    // Several at once: one alone gets the new token, and none is turned away.
    const together = Array.from({ length: 6 }, () => copyOf(former))
    const asked = await Promise.all(together.map((one) => one.get('/api/auth/session')))
    expect(asked.map(({ status }) => status)).toEqual(asked.map(() => 200))
    const renewed = together.filter(({ cookie }) => cookie !== former.cookie)
    expect(renewed).toHaveLength(1)

    clock.advance(59)
    expect((await former.get('/api/tenants')).status).toBe(200)
    expect((await renewed[0]?.get('/api/tenants'))?.status).toBe(200)
    clock.advance(1)
    expect(await codeOf(former)).toEqual([401, 'auth.session_ended'])
    expect(await codeOf(former)).toEqual([401, 'auth.required'])
    expect((await renewed[0]?.get('/api/tenants'))?.status).toBe(200)
    const session = await given.database.client.session.findFirstOrThrow({ where: { userId: id } })
    const notes = await given.database.client.auditEntry.findMany({
      where: { action: 'session.former_token_refused', subjectId: session.id },
    })
    expect(notes).toHaveLength(1)
  })

  it('gets a new token with the first call of a page too, with the limits that it had', async () => {
    const { browser, email, id } = await somebody()
    const expiry = async () =>
      (await given.database.client.session.findFirstOrThrow({ where: { userId: id } })).expiresAt
    const [before, until] = [browser.cookie, await expiry()]
    await give(email)
    const answer = await browser.get('/api/me')
    expect(browser.cookie).not.toBe(before)
    expect(await expiry()).toEqual(until)
    expect(answer.headers.getSetCookie()[0]).toContain(`Expires=${until.toUTCString()}`)
    expect(answer.headers.getSetCookie()[0]).toContain('HttpOnly')
    const again = browser.cookie
    await browser.get('/api/me')
    expect(browser.cookie).toBe(again)
  })

  it('does not bring a session back that was ended while its new token was under way', async () => {
    const { browser, email, id } = await somebody()
    await give(email)
    const former = copyOf(browser)
    await browser.get('/api/auth/session')
    await boss.patch(`/api/users/${id}`, { status: 'disabled' })
    expect(await codeOf(browser)).toEqual([401, 'auth.user_disabled'])
    expect((await former.get('/api/tenants')).status).toBe(401)
  })

  it('lets nobody in who signs in while they are being disabled', async () => {
    const { email, id } = await somebody()
    const browsers = Array.from({ length: 4 }, () => portal.browser())
    await Promise.all([
      ...browsers.map((browser) => browser.post('/api/auth/login', { email, password })),
      boss.patch(`/api/users/${id}`, { status: 'disabled' }),
    ])
    expect(await given.database.client.session.count({ where: { userId: id } })).toBe(0)
    for (const browser of browsers) expect((await browser.get('/api/tenants')).status).toBe(401)
  })
})

import { request } from 'node:http'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { signInLimits } from '#server/auth/sign-in/attempts'
import { Authenticator } from '../harness/authenticator'
import { describeEachDatabase, makeDatabase } from '../harness/databases'
import { beginSignIn, registerPasskey, setUpApp } from '../harness/factors'
import type { HttpClient } from '../harness/http'
import { mailedToken } from '../harness/invitations'
import { startMailbox, type Mailbox } from '../harness/mailbox'
import { password, startPortal, TestClock, type Portal } from '../harness/portal'

const origin = 'http://localhost:3000'

describeEachDatabase('a hostile person', (given) => {
  const clock = new TestClock()
  let mailbox: Mailbox
  /** Two replicas on one database. */
  let portal: Portal
  let other: Portal
  let count = 0
  let email = ''
  beforeAll(async () => {
    mailbox = await startMailbox()
    const env = { SMTP_URL: mailbox.url, MAIL_FROM: 'portal@example.org' }
    portal = await startPortal(given.url, { clock, env })
    other = await startPortal(given.url, { clock, env })
  })
  afterAll(async () => {
    await portal?.close()
    await other?.close()
    await mailbox?.stop()
  })
  beforeEach(() => {
    email = `victim${(count += 1)}@example.org`
    // Whatever another test counted is over.
    clock.advance(86_400)
  })

  const whoIs = async (browser: HttpClient) =>
    (await browser.get('/api/auth/session')).json.user?.email as string | undefined
  const copyOf = (browser: HttpClient, at = portal) => {
    const copy = at.browser()
    copy.cookie = browser.cookie
    for (const [name, pair] of browser.cookies) copy.cookies.set(name, pair)
    return copy
  }

  describe('who leaves a cookie in a browser before its owner signs in', () => {
    it('has nothing of the session that begins then, and loses their own', async () => {
      await portal.signedIn({ email })
      const attacker = await portal.signedIn({ email: `eve${count}@example.org` })
      const browser = copyOf(attacker)
      expect((await browser.post('/api/auth/login', { email, password })).status).toBe(200)
      expect(await whoIs(browser)).toBe(email)
      expect(browser.cookie).not.toBe(attacker.cookie)
      expect(await whoIs(attacker)).toBeUndefined()
    })

    it('does not get their second factor for a sign-in of another', async () => {
      const { codes } = await setUpApp(await portal.signedIn({ email }), clock)
      const eve = `eve${count}@example.org`
      await setUpApp(await portal.signedIn({ email: eve }), clock)
      clock.advance(60)
      const planted = portal.browser()
      await beginSignIn(planted, eve)
      const browser = copyOf(planted)
      const shown = await browser.post('/api/auth/second-factor', { totp: codes.at() })
      expect([shown.status, shown.json.code]).toEqual([401, 'auth.second_factor_wrong'])
      await beginSignIn(browser, email)
      expect((await browser.post('/api/auth/second-factor', { totp: codes.at() })).json.user.email).toBe(
        email,
      )
      expect((await copyOf(planted).get('/api/me')).status).toBe(401)
    })
  })

  describe('who saw a code of an app', () => {
    it('can use it nowhere else: not at another door, and not before or after', async () => {
      const here = await portal.signedIn({ email })
      const { codes } = await setUpApp(here, clock)
      // The one that ended the set-up.
      const browser = other.browser()
      await beginSignIn(browser, email)
      expect((await browser.post('/api/auth/second-factor', { totp: codes.at() })).status).toBe(401)
      clock.advance(60)
      expect((await here.post('/api/auth/step-up', { password, totp: codes.at() })).status).toBe(204)
      expect((await browser.post('/api/auth/second-factor', { totp: codes.at() })).status).toBe(401)
      // The one before, which nobody used.
      expect((await browser.post('/api/auth/second-factor', { totp: codes.at(-30) })).status).toBe(401)
      expect((await browser.post('/api/auth/second-factor', { totp: codes.at(30) })).status).toBe(200)
      expect((await here.post('/api/auth/step-up', { password, totp: codes.at(30) })).status).toBe(422)
    })

    it('guesses ten in a quarter of an hour over all doors and replicas, and fifty in a day', async () => {
      const here = await portal.signedIn({ email })
      const { codes } = await setUpApp(here, clock)
      const { attempts, windowSeconds, daily } = signInLimits.factor
      const answers: number[] = []
      for (let window = 0; window <= daily / attempts; window += 1) {
        clock.advance(windowSeconds)
        const browsers = [portal.browser(), other.browser()]
        for (const browser of browsers) await beginSignIn(browser, email)
        for (let n = 0; n < attempts + 2; n += 1) {
          const proof = { recovery: `guess-${n}` }
          const { status } =
            n % 3
              ? await (browsers[n % 2] as HttpClient).post('/api/auth/second-factor', proof)
              : await here.post('/api/auth/step-up', { password, ...proof })
          answers.push(status)
        }
      }
      expect(answers.filter((status) => status === 401 || status === 422)).toHaveLength(daily)
      clock.advance(windowSeconds)
      const browser = portal.browser()
      await beginSignIn(browser, email)
      const right = await browser.post('/api/auth/second-factor', { totp: codes.at() })
      expect(right.status).toBe(429)
      expect(Number(right.headers.get('retry-after'))).toBeGreaterThan(windowSeconds)
      clock.advance(86_400)
      const nextDay = portal.browser()
      await beginSignIn(nextDay, email)
      expect((await nextDay.post('/api/auth/second-factor', { totp: codes.at() })).status).toBe(200)
    })
  })

  it('who has an answer of a passkey can use it for nothing but what was asked', async () => {
    const here = await portal.signedIn({ email })
    const authenticator = new Authenticator(origin)
    expect((await registerPasskey(here, authenticator)).status).toBe(201)
    const questions: Record<string, { at: string; to: string; sent(passkey: object): object }> = {
      alone: { at: '/api/auth/passkey/options', to: '/api/auth/passkey', sent: (passkey) => ({ passkey }) },
      second: {
        at: '/api/auth/second-factor/passkey-options',
        to: '/api/auth/second-factor',
        sent: (passkey) => ({ passkey }),
      },
      proof: {
        at: '/api/auth/step-up/passkey-options',
        to: '/api/auth/step-up',
        sent: (passkey) => ({ passkey }),
      },
    }
    for (const [asked, { at }] of Object.entries(questions))
      for (const [answered, { to, sent }] of Object.entries(questions)) {
        const browser = portal.browser()
        await beginSignIn(browser, email)
        browser.cookie = here.cookie
        const passkey = authenticator.sign((await browser.post(at)).json)
        const { status } = await browser.post(to, sent(passkey))
        expect([asked, answered, status < 300]).toEqual([asked, answered, asked === answered])
        if (browser.cookie) here.cookie = browser.cookie
      }
  })

  it('is not taken for somebody whose address looks alike', async () => {
    email = `kim${count}@example.org`
    await portal.signedIn({ email })
    const alike = [
      // KELVIN SIGN, whose lower case is an ASCII k.
      email.replace('k', '\u212a'),
      // In full width, Cyrillic, with a joiner, with a mark before it.
      email.replace('k', '\uff4b'),
      email.replace('i', '\u0456'),
      email.replace('@', '\u200d@'),
      `\ufeff${email}`,
      email.replace('example', 'e\u0445ample'),
    ]
    const before = mailbox.mails().length
    for (const address of alike) {
      const login = await portal.browser().post('/api/auth/login', { email: address, password })
      expect([address, login.status, login.json.code]).toEqual([address, 401, 'auth.invalid_credentials'])
      const forgot = await portal.browser().post('/api/auth/password/forgot', { email: address })
      expect([address, forgot.status]).toEqual([address, 202])
      const boss = await portal.operator()
      expect((await boss.post('/api/users', { email: address, name: 'Kim' })).status).toBe(422)
    }
    await portal.container.errands.settled()
    expect(mailbox.mails()).toHaveLength(before)
  })

  it('can not have a mail lead elsewhere by what a request calls its host', async () => {
    await portal.signedIn({ email })
    const url = new URL(portal.browser().url)
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const body = JSON.stringify({ email })
      const headers = {
        host: 'evil.example',
        origin,
        'content-type': 'application/json',
        'content-length': body.length,
        forwarded: 'host=evil.example;proto=https',
        'x-forwarded-host': 'evil.example',
        'x-forwarded-proto': 'https',
        'x-original-url': '//evil.example/',
      }
      const to = {
        host: url.hostname,
        port: url.port,
        path: '/api/auth/password/forgot',
        method: 'POST',
        headers,
      }
      request(to, (answer) => resolve(answer.resume().statusCode))
        .on('error', reject)
        .end(body)
    })
    expect(status).toBe(202)
    const { text, source } = await mailbox.newestTo(email)
    expect(text).toContain(`${origin}/auth/reset#token=`)
    expect(source).not.toContain('evil.example')
  })

  it('learns from no answer, and from no mail to others, who has an account', async () => {
    await portal.signedIn({ email })
    const told = async (address: string) => {
      const answers = []
      for (const [path, body] of [
        ['/api/auth/login', { email: address, password: 'not the right one' }],
        ['/api/auth/password/forgot', { email: address }],
        ['/api/auth/passkey/options', undefined],
      ] as const) {
        const { status, json, headers } = await portal.browser().post(path, body)
        const { requestId: _, challenge: _random, ...rest } = json ?? {}
        answers.push([path, status, rest, headers.get('content-length') !== null])
      }
      return answers
    }
    expect(await told('nobody@example.org')).toEqual(await told(email))
    await portal.container.errands.settled()
    expect(mailbox.mails().some(({ to }) => to.includes('nobody@example.org'))).toBe(false)
  })

  it('who manages a tenant does not find out by and by who has an account', async () => {
    const boss = await portal.operator()
    const slug = `finding-${count}`
    await boss.post('/api/tenants', { slug, name: 'Finding', plan: 'pro' })
    const admin = await portal.signedIn({ email })
    await boss.post(`/api/tenants/${slug}/members`, { email, role: 'admin' })
    const look = (address: string) =>
      admin.post(`/api/tenants/${slug}/members`, { email: address, role: 'member' })
    const codes: string[] = []
    for (let n = 0; n <= signInLimits.finding.attempts; n += 1)
      codes.push((await look(`guess-${n}@example.org`)).json.code)
    expect(codes.slice(0, -1).every((code) => code === 'user.not_found')).toBe(true)
    expect(codes.at(-1)).toBe('rate.limited')
    clock.advance(signInLimits.finding.windowSeconds)
    const again = await portal.browser().post('/api/auth/login', { email, password })
    expect(again.status).toBe(200)
    await portal.signedIn({ email: `found${count}@example.org` })
    expect((await look(`found${count}@example.org`)).json).not.toMatchObject({ code: 'rate.limited' })
  })

  it('who has an invitation that is another’s gets nowhere with it', async () => {
    const boss = await portal.operator()
    const slug = `invited-${count}`
    await boss.post('/api/tenants', { slug, name: 'Invited', plan: 'pro' })
    await portal.signedIn({ email })
    await boss.post(`/api/tenants/${slug}/invitations`, { email, role: 'admin' })
    const token = await mailedToken(mailbox, email)
    const eve = await portal.signedIn({ email: `eve${count}@example.org` })
    const path = `/api/invitations/${token}/accept`
    const asEve = await eve.post(path, {})
    expect([asEve.status, asEve.json.code]).toEqual([409, 'invitation.for_another_address'])
    // The address has an account: no other is made, and no password of it is set.
    const anew = await portal.browser().post(path, { name: 'Eve', password: 'violet zebra umbrella 42' })
    expect([anew.status, anew.json.code]).toEqual([401, 'invitation.sign_in_first'])
    expect((await eve.get(`/api/tenants/${slug}`)).status).toBe(404)
    const login = await portal
      .browser()
      .post('/api/auth/login', { email, password: 'violet zebra umbrella 42' })
    expect(login.status).toBe(401)
  })
})

describe('an address that changes with each call', () => {
  it('is counted by what its owner can not change', async () => {
    const made = await makeDatabase('sqlite')
    const portal = await startPortal(made.url, { env: { TRUSTED_PROXIES: '127.0.0.1' } })
    try {
      await portal.operator()
      const guess = async (forwardedFor: string, n: number) => {
        const body = { token: 'x'.repeat(43), password: `a violet zebra umbrella ${n}` }
        const headers = { 'x-forwarded-for': forwardedFor }
        return (await portal.browser().post('/api/auth/password/reset', body, headers)).status
      }
      const { attempts } = signInLimits.address
      const statuses: number[] = []
      for (let n = 0; n <= attempts; n += 1) statuses.push(await guess(`2001:db8:1:2::${n.toString(16)}`, n))
      expect(statuses.slice(0, -1).every((status) => status === 404)).toBe(true)
      expect(statuses.at(-1)).toBe(429)
      // What they write before their own address does not count, and neighbours are let through.
      expect(await guess('198.51.100.7, 2001:db8:1:2::ffff', 0)).toBe(429)
      expect(await guess('2001:db8:1:3::1', 0)).toBe(404)
    } finally {
      await portal.close()
      await made.remove()
    }
  })
})

import { afterAll, beforeAll, expect, it } from 'vitest'
import { newId } from '#server/lib/ids'
import { Authenticator } from '../harness/authenticator'
import { describeEachDatabase } from '../harness/databases'
import { beginSignIn, registerPasskey, setUpApp } from '../harness/factors'
import { startMailbox, type Mailbox } from '../harness/mailbox'
import type { HttpClient } from '../harness/http'
import { password, startPortal, TestClock, type Portal } from '../harness/portal'

describeEachDatabase('an operator who resets lost second factors', (given) => {
  const clock = new TestClock()
  let mailbox: Mailbox
  let portal: Portal
  let boss: HttpClient
  beforeAll(async () => {
    mailbox = await startMailbox()
    const env = { SMTP_URL: mailbox.url, MAIL_FROM: 'portal@example.org' }
    portal = await startPortal(given.url, { clock, env })
    boss = await portal.operator()
  })
  afterAll(async () => {
    await portal?.close()
    await mailbox?.stop()
  })

  const idOf = async (browser: HttpClient) => (await browser.get('/api/auth/session')).json.user.id as string
  const reset = (id: string, by = boss) => by.delete(`/api/users/${id}/second-factor`)
  const audited = (id: string) =>
    given.database.client.auditEntry.findMany({ where: { action: 'second_factor.reset', subjectId: id } })
  const mailsTo = (address: string) => mailbox.mails().filter(({ to }) => to.includes(address))

  async function somebodyWithFactors(email: string) {
    const browser = await portal.signedIn({ email })
    const { codes, recoveryCodes } = await setUpApp(browser, clock)
    const authenticator = new Authenticator('http://localhost:3000')
    expect((await registerPasskey(browser, authenticator)).status).toBe(201)
    return { browser, id: await idOf(browser), codes, recoveryCodes, authenticator }
  }

  it('removes all of them, ends every session, and the password lets in again', async () => {
    const email = 'lost@example.org'
    const { browser, id, codes, recoveryCodes } = await somebodyWithFactors(email)
    expect((await boss.get(`/api/users/${id}`)).json.hasSecondFactor).toBe(true)
    const waiting = portal.browser()
    expect(await beginSignIn(waiting, email)).toEqual(['totp', 'passkey', 'recovery'])

    expect((await reset(id)).status).toBe(204)
    expect((await browser.get('/api/me')).json.code).toBe('auth.session_ended')
    clock.advance(30)
    for (const proof of [{ totp: codes.at() }, { recovery: recoveryCodes[0] }])
      expect((await waiting.post('/api/auth/second-factor', proof)).json.code).toBe(
        'auth.second_factor_wrong',
      )
    const again = await portal.browser().post('/api/auth/login', { email, password })
    expect([again.status, again.json.user.email]).toEqual([200, email])
    expect((await boss.get(`/api/users/${id}`)).json.hasSecondFactor).toBe(false)
    for (const table of ['totpFactor', 'recoveryCode'] as const)
      expect(await given.database.client[table as 'totpFactor'].count({ where: { userId: id } })).toBe(0)
    expect(await given.database.client.passkey.count({ where: { userId: id } })).toBe(0)
  })

  it('is written down with who did it, the person is told, and it is safe to repeat', async () => {
    const email = 'told@example.org'
    const { id } = await somebodyWithFactors(email)
    await reset(id)
    const { text, source } = await mailbox.newestTo(email)
    expect(text).toContain('removed the second step of your sign-in')
    expect(source).not.toMatch(/token=/)
    expect(await audited(id)).toMatchObject([
      {
        actorKind: 'user',
        actorId: await idOf(boss),
        before: { factors: 'totp, passkey, recovery' },
        after: { factors: null, sessionsEnded: 1 },
      },
    ])
    const browser = await portal.signedIn({ email })
    expect((await reset(id)).status).toBe(204)
    expect(await audited(id)).toHaveLength(1)
    await portal.container.errands.settled()
    expect(mailsTo(email)).toHaveLength(1)
    expect((await browser.get('/api/me')).status).toBe(200)
  })

  it('resets once, of twenty at once', async () => {
    const email = 'twenty@example.org'
    const { id } = await somebodyWithFactors(email)
    const answers = await Promise.all(Array.from({ length: 20 }, () => reset(id)))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([204]))
    expect(await audited(id)).toHaveLength(1)
    await portal.container.errands.settled()
    expect(mailsTo(email)).toHaveLength(1)
  })

  it('has the next sign-in set one up, where it is asked of the person, whatever was guessed before', async () => {
    const email = 'asked@example.org'
    const { id } = await somebodyWithFactors(email)
    await boss.post('/api/tenants', { slug: 'asking', name: 'Asking' })
    await boss.post('/api/tenants/asking/members', { email, role: 'member' })
    await boss.patch('/api/settings', { secondFactorRequiredOf: ['member'] })
    try {
      const guessing = portal.browser()
      await beginSignIn(guessing, email)
      for (let n = 0; n < 11; n += 1) await guessing.post('/api/auth/second-factor', { totp: '000000' })
      await reset(id)
      const browser = await portal.signedIn({ email })
      expect((await browser.get('/api/me')).json.code).toBe('auth.second_factor_required')
      await setUpApp(browser, clock)
      expect((await browser.get('/api/me')).status).toBe(200)
    } finally {
      await boss.patch('/api/settings', { secondFactorRequiredOf: [] })
    }
  })

  it('can not do it to themselves, to nobody, or without having proved lately who they are', async () => {
    const other = await portal.signedIn({ email: 'other-boss@example.org', operator: true })
    await setUpApp(other, clock)
    const own = await reset(await idOf(other), other)
    expect([own.status, own.json.code]).toEqual([409, 'second_factor.is_your_own'])
    expect((await reset(newId())).json.code).toBe('user.not_found')
    const { id, browser } = await somebodyWithFactors('stale@example.org')
    clock.advance(601)
    const stale = await reset(id)
    expect([stale.status, stale.json.code]).toEqual([403, 'auth.step_up_required'])
    expect((await browser.get('/api/me')).status).toBe(200)
    expect(await audited(id)).toEqual([])
    await boss.post('/api/auth/step-up', { password })
    expect((await reset(id)).status).toBe(204)
  })
})

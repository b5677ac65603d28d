import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeEachDatabase, makeDatabase } from '../harness/databases'
import { setUpApp } from '../harness/factors'
import { startMailbox, type Mailbox } from '../harness/mailbox'
import { password, startPortal, TestClock, type Portal } from '../harness/portal'

const newPassword = 'winter turnips sing loudly'

describeEachDatabase('a forgotten password', (given) => {
  const clock = new TestClock()
  let mailbox: Mailbox
  let portal: Portal
  let other: Portal
  beforeAll(async () => {
    mailbox = await startMailbox()
    const env = { SMTP_URL: mailbox.url, MAIL_FROM: 'portal@example.org' }
    portal = await startPortal(given.url, { clock, env })
    other = await startPortal(given.url, { clock, env })
  })
  afterAll(async () => {
    await portal.close()
    await other.close()
    await mailbox.stop()
  })

  const forgot = (email: string) => portal.browser().post('/api/auth/password/forgot', { email })
  const reset = (token: string, where = portal, chosen = newPassword) =>
    where.browser().post('/api/auth/password/reset', { token, password: chosen })
  const login = (email: string, secret: string) =>
    portal.browser().post('/api/auth/login', { email, password: secret })
  async function tokenFor(email: string): Promise<string> {
    const before = mailbox.mails().length
    expect((await forgot(email)).status).toBe(202)
    await portal.container.errands.settled()
    expect(mailbox.mails()).toHaveLength(before + 1)
    const { text } = await mailbox.newestTo(email)
    return /http:\/\/localhost:3000\/auth\/reset#token=([\w-]{43})/.exec(text)?.[1] ?? ''
  }

  it('is replaced by a mail, which ends every session, and is told of by another', async () => {
    const email = 'ruth@example.org'
    const here = await portal.signedIn({ email })
    const token = await tokenFor(email)
    const rows = await given.database.client.passwordReset.findMany()
    expect(rows).toHaveLength(1)
    expect(JSON.stringify(rows)).not.toContain(token)

    const weak = await reset(token, portal, 'password12345')
    expect([weak.status, weak.json.errors[0].path]).toEqual([422, 'password'])
    const done = await reset(token, other)
    expect(done.status).toBe(204)
    expect((await here.get('/api/me')).status).toBe(401)
    await other.container.errands.settled()
    expect((await mailbox.newestTo(email)).text).toMatch(/was changed/)
    expect((await login(email, password)).status).toBe(401)
    expect((await login(email, newPassword)).status).toBe(200)
    const again = await reset(token)
    expect([again.status, again.json.code]).toEqual([404, 'password_reset.not_found'])
    const { id } = (await here.post('/api/auth/login', { email, password: newPassword })).json.user
    const where = { action: 'user.password_reset', subjectId: id }
    expect(await given.database.client.auditEntry.count({ where })).toBe(1)
  })

  it('is replaced once by a token, of twenty at once on two replicas', async () => {
    const email = 'race@example.org'
    await portal.signedIn({ email })
    const token = await tokenFor(email)
    const statuses = await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        const chosen = `${newPassword} ${index}`
        return { chosen, status: (await reset(token, index % 2 ? portal : other, chosen)).status }
      }),
    )
    const won = statuses.filter(({ status }) => status === 204)
    expect(won).toHaveLength(1)
    expect(statuses.filter(({ status }) => status === 404)).toHaveLength(19)
    expect((await login(email, won[0]?.chosen ?? '')).status).toBe(200)
  })

  it('has one token at a time, for 30 minutes, and none after the password was changed', async () => {
    const email = 'tom@example.org'
    const here = await portal.signedIn({ email })
    const first = await tokenFor(email)
    const second = await tokenFor(email)
    expect((await reset(first)).status).toBe(404)
    clock.advance(1801)
    expect((await reset(second)).status).toBe(404)
    await here.post('/api/auth/step-up', { password })
    const third = await tokenFor(email)
    await here.patch('/api/users/me/password', {
      currentPassword: password,
      newPassword: 'another violet umbrella day',
    })
    expect((await reset(third)).status).toBe(404)
    for (const token of ['', 'x'.repeat(43), 'x'.repeat(101)])
      expect([404, 422]).toContain((await reset(token)).status)
  })

  it('answers the same for everybody, and sends mail only to who has a password here', async () => {
    const boss = await portal.operator()
    await boss.post('/api/users', { email: 'passwordless@example.org', name: 'No Password' })
    const disabled = await portal.signedIn({ email: 'disabled@example.org' })
    const { id } = (await disabled.get('/api/auth/session')).json.user
    await boss.patch(`/api/users/${id}`, { status: 'disabled' })
    const before = mailbox.mails().length
    const answers = []
    for (const email of ['nobody@example.org', 'passwordless@example.org', 'disabled@example.org']) {
      const { status, text } = await forgot(email)
      answers.push({ status, text })
    }
    await portal.container.errands.settled()
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
    expect(answers[0]).toEqual({ status: 202, text: '' })
    expect(mailbox.mails()).toHaveLength(before)
  })

  it('is mailed five times an hour to one address, whether it is known', async () => {
    await portal.signedIn({ email: 'flood@example.org' })
    for (const email of ['flood@example.org', 'unknown@example.org']) {
      const statuses = []
      for (let attempt = 1; attempt <= 6; attempt += 1) statuses.push((await forgot(email)).status)
      expect(statuses).toEqual([202, 202, 202, 202, 202, 429])
    }
    await portal.container.errands.settled()
  })

  it('leads nobody past their second factor', async () => {
    const email = 'factor@example.org'
    await setUpApp(await portal.signedIn({ email }), clock)
    const done = await reset(await tokenFor(email))
    expect(done.headers.getSetCookie().filter((cookie) => !/Max-Age=0/.test(cookie))).toEqual([])
    const answer = await login(email, newPassword)
    expect(answer.json).toEqual({ secondFactor: ['totp', 'recovery'] })
  })

  it('is told of by mail when it is changed by its owner', async () => {
    const email = 'owner-of-it@example.org'
    const here = await portal.signedIn({ email })
    await here.patch('/api/users/me/password', { currentPassword: password, newPassword })
    expect((await mailbox.newestTo(email)).text).toMatch(/was changed/)
  })
})

it('is refused where there is no mail, and the portal says so', async () => {
  const made = await makeDatabase('sqlite')
  const portal = await startPortal(made.url)
  try {
    expect((await portal.browser().get('/api/portal')).json.passwordReset).toBe(false)
    const answer = await portal.browser().post('/api/auth/password/forgot', { email: 'a@example.org' })
    expect([answer.status, answer.json.code]).toEqual([409, 'password_reset.unavailable'])
  } finally {
    await portal.close()
    await made.remove()
  }
})

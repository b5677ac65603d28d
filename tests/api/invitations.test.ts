import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeEachDatabase } from '../harness/databases'
import type { HttpClient } from '../harness/http'
import { mailedToken, strongPassword as strong } from '../harness/invitations'
import { startMailbox, type Mailbox } from '../harness/mailbox'
import { startPortal, TestClock, type Portal } from '../harness/portal'

describeEachDatabase('invitations', (given) => {
  const clock = new TestClock()
  let mailbox: Mailbox
  let portal: Portal
  let boss: HttpClient
  let admin: HttpClient
  let counter = 0
  const freshEmail = () => `guest${(counter += 1)}@example.org`
  const at = '/api/tenants/acme/invitations'

  beforeAll(async () => {
    mailbox = await startMailbox()
    const env = { SMTP_URL: mailbox.url, MAIL_FROM: 'Portal <portal@example.org>' }
    portal = await startPortal(given.url, { clock, env })
    boss = await portal.operator()
    await boss.post('/api/tenants', { slug: 'acme', name: 'Acme', plan: 'pro' })
    await boss.post('/api/tenants', { slug: 'other', name: 'Other' })
    admin = await portal.signedIn({ email: 'admin@example.org' })
    await boss.post('/api/tenants/acme/members', { email: 'admin@example.org', role: 'admin' })
  })
  afterAll(async () => {
    await portal.close()
    await mailbox.stop()
  })

  const invite = async (email: string, role = 'member') => {
    const { status, json } = await boss.post(at, { email, role })
    expect([status, json.code]).toEqual([201, undefined])
    return { id: json.id as string, token: await mailedToken(mailbox, email) }
  }
  const tokenPath = (token: string) => `/api/invitations/${token}`
  const accept = (who: HttpClient, token: string, body?: unknown) =>
    who.post(`${tokenPath(token)}/accept`, body)
  const auditOf = async (action: string) =>
    (await boss.get('/api/tenants/acme/audit?limit=200')).json.items.filter(
      (entry: { action: string }) => entry.action === action,
    )

  it('goes out by mail, and its token is nowhere but in it', async () => {
    const email = freshEmail()
    const { status, text, json } = await admin.post(at, { email: ` ${email.toUpperCase()} `, role: 'admin' })
    expect(status).toBe(201)
    expect(json).toMatchObject({ email, role: 'admin', delivery: 'sent', invitedBy: 'admin' })
    expect(json).not.toHaveProperty('acceptUrl')
    expect(Date.parse(json.expiresAt) - clock.now().getTime()).toBe(7 * 86_400_000)
    const token = await mailedToken(mailbox, email)
    const { client } = given.database
    const kept = JSON.stringify([
      await client.invitation.findMany(),
      await client.auditEntry.findMany(),
      (await admin.get(at)).json,
    ])
    expect(token).toHaveLength(43)
    expect(text + kept).not.toContain(token)
    expect((await auditOf('invitation.created'))[0]).toMatchObject({
      after: { email: '(not kept)', role: 'admin' },
    })
  })

  it('is in the language that somebody chose, else in that of the tenant, also when it is sent again', async () => {
    await boss.post('/api/tenants', { slug: 'berlin', name: 'Berlin', locale: 'de' })
    const words = async (email: string) => (await mailbox.newestTo(email)).text
    const known = async (locale: string | null) => {
      const email = freshEmail()
      const person = await portal.signedIn({ email })
      expect((await person.patch('/api/users/me/profile', { locale })).status).toBe(200)
      return email
    }
    const inBerlin = async (email: string) => {
      const { status, json } = await boss.post('/api/tenants/berlin/invitations', { email, role: 'member' })
      expect(status).toBe(201)
      return json.id as string
    }
    const [stranger, silent, english, french] = [
      freshEmail(),
      ...(await Promise.all([known(null), known('en-GB'), known('fr')])),
    ] as const
    const sent = await inBerlin(stranger)
    for (const email of [silent, english, french]) await inBerlin(email)
    expect(await words(stranger)).toContain('lädt')
    expect(await words(silent)).toContain('lädt')
    expect(await words(english)).toContain('invites you')
    expect(await words(french)).toContain('lädt')
    await boss.patch('/api/tenants/berlin', { locale: 'en' })
    const already = mailbox.mails().length
    const again = await boss.post(`/api/tenants/berlin/invitations/${sent}/resend`)
    expect([again.status, mailbox.mails().length]).toEqual([200, already + 1])
    expect(await words(stranger)).toContain('invites you')
  })

  it('shows its holder what it offers', async () => {
    const email = freshEmail()
    const { token } = await invite(email)
    const offer = await portal.browser().get(tokenPath(token))
    expect(offer.status).toBe(200)
    expect(offer.json).toEqual({
      tenant: { name: 'Acme' },
      invitedBy: 'Olga Operator',
      email,
      role: 'member',
      expiresAt: expect.any(String),
      next: 'create_account',
    })
  })

  it('makes a new person a member, signed in, with the services asked for', async () => {
    const email = freshEmail()
    const { token } = await invite(email, 'admin')
    const browser = portal.browser()
    const accepted = await accept(browser, token, { name: 'Grace Hopper', password: strong })
    expect([accepted.status, accepted.json]).toEqual([200, { tenant: 'acme', name: 'Acme', role: 'admin' }])
    const me = (await browser.get('/api/me')).json
    expect(me.user).toMatchObject({ email, name: 'Grace Hopper', platformRole: 'user' })
    expect(me.user.lastLoginAt).toBe(clock.now().toISOString())
    expect(me.tenants).toMatchObject([{ slug: 'acme', role: 'admin' }])
    const { items } = (await boss.get(`/api/tenants/acme/members?search=${email}`)).json
    expect(items).toMatchObject([{ email, role: 'admin', source: 'invitation' }])
    const [run] = (await boss.get('/api/tenants/acme/runs')).json.items
    expect(run).toMatchObject({ cause: 'changed' })
    for (const action of ['invitation.accepted', 'member.added'])
      expect((await auditOf(action))[0].actor).toMatchObject({ name: 'Grace Hopper' })
    expect((await portal.browser().post('/api/auth/login', { email, password: strong })).status).toBe(200)
  })

  it('refuses a weak password, and stays open', async () => {
    const { token } = await invite(freshEmail())
    const refused = await accept(portal.browser(), token, { name: 'Grace', password: 'passwordpassword' })
    expect([refused.status, refused.json.code]).toEqual([422, 'password.too_weak'])
    expect(refused.json.errors[0].path).toBe('password')
    expect((await portal.browser().get(tokenPath(token))).status).toBe(200)
  })

  it.each([
    ['name alone', { name: 'Grace' }, 'password'],
    ['password alone', { password: strong }, 'name'],
    ['an e-mail address of their own', { name: 'G', password: strong, email: 'boss@example.org' }, 'email'],
  ])('takes %s for a mistake', async (_, body, path) => {
    const { token } = await invite(freshEmail())
    const refused = await accept(portal.browser(), token, body)
    expect([refused.status, refused.json.errors[0].path]).toEqual([422, path])
  })

  it('lets somebody with an account in once they have signed in', async () => {
    const email = freshEmail()
    const person = await portal.signedIn({ email })
    const { token } = await invite(email)
    const outside = portal.browser()
    expect((await outside.get(tokenPath(token))).json.next).toBe('sign_in')
    for (const body of [undefined, {}, { name: 'Not Them', password: strong }]) {
      const refused = await accept(outside, token, body)
      expect([refused.status, refused.json.code]).toEqual([401, 'invitation.sign_in_first'])
    }
    expect((await person.get(tokenPath(token))).json.next).toBe('accept')
    const { status, json } = await accept(person, token)
    expect([status, json]).toEqual([200, { tenant: 'acme', name: 'Acme', role: 'member' }])
    expect((await person.get('/api/tenants/acme')).status).toBe(200)
  })

  it('is for nobody else, whatever they send', async () => {
    const email = freshEmail()
    const { token } = await invite(email)
    const stranger = await portal.signedIn({ email: 'stranger@example.org' })
    expect((await stranger.get(tokenPath(token))).json.next).toBe('other_person')
    for (const body of [{}, { name: 'Me', password: strong }]) {
      const refused = await accept(stranger, token, body)
      expect([refused.status, refused.json.code]).toEqual([409, 'invitation.for_another_address'])
    }
    expect((await stranger.get('/api/tenants/acme')).status).toBe(404)
    expect((await portal.browser().get(tokenPath(token))).status).toBe(200)
  })

  it('answers alike whether a token is unknown, malformed, used, replaced, revoked or over', async () => {
    const emails = [freshEmail(), freshEmail(), freshEmail(), freshEmail()] as const
    const [used, replaced, revoked, over] = await Promise.all(emails.map((email) => invite(email)))
    const done = await accept(portal.browser(), used?.token ?? '', { name: 'Used', password: strong })
    expect(done.status).toBe(200)
    expect((await boss.post(`${at}/${replaced?.id}/resend`)).status).toBe(200)
    expect((await boss.delete(`${at}/${revoked?.id}`)).status).toBe(204)
    clock.advance(7 * 86_400)
    boss = await portal.operator()
    admin = await portal.signedIn({ email: 'admin@example.org' })
    const tokens = [used, replaced, revoked, over].map((made) => made?.token ?? '')
    const answers = new Set<string>()
    for (const token of ['a'.repeat(43), 'x', '%C3%A9', ...tokens])
      for (const answer of [
        await portal.browser().get(tokenPath(token)),
        await accept(portal.browser(), token, { name: 'Late', password: strong }),
      ]) {
        const { requestId: _, ...problem } = answer.json
        answers.add(JSON.stringify([answer.status, problem]))
      }
    expect([...answers]).toHaveLength(1)
    expect([...answers][0]).toContain('invitation.not_found')
  })

  it('can be sent again: the new token works, and the former does not', async () => {
    const email = freshEmail()
    const { id, token } = await invite(email)
    clock.advance(60)
    const again = await admin.post(`${at}/${id}/resend`)
    expect([again.status, again.json.delivery]).toEqual([200, 'sent'])
    expect(again.json.expiresAt).not.toBe(again.json.createdAt)
    const fresh = await mailedToken(mailbox, email, 1)
    expect(fresh).not.toBe(token)
    expect((await portal.browser().get(tokenPath(token))).status).toBe(404)
    expect((await portal.browser().get(tokenPath(fresh))).status).toBe(200)
    expect(await auditOf('invitation.resent')).toHaveLength(2)
  })

  it('is not mailed to one address more than five times an hour, from whichever tenant', async () => {
    const email = freshEmail()
    const { id } = await invite(email)
    for (let time = 0; time < 3; time += 1) expect((await boss.post(`${at}/${id}/resend`)).status).toBe(200)
    const elsewhere = await boss.post('/api/tenants/other/invitations', { email })
    expect(elsewhere.status).toBe(201)
    for (const refused of [
      await boss.post(`${at}/${id}/resend`),
      await boss.post(`/api/tenants/other/invitations/${elsewhere.json.id}/resend`),
    ]) {
      expect([refused.status, refused.json.code]).toEqual([429, 'rate.limited'])
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    }
    expect(mailbox.mails().filter(({ to }) => to.includes(email))).toHaveLength(5)
  })

  it('refuses to invite members, and the invited', async () => {
    const member = await boss.post(at, { email: 'admin@example.org' })
    expect([member.status, member.json.code]).toEqual([409, 'member.already_there'])
    const email = freshEmail()
    const answers = await Promise.all(Array.from({ length: 4 }, () => boss.post(at, { email })))
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409])
    for (const { status, json } of answers)
      if (status === 409) expect(json.code).toBe('invitation.already_open')
    expect(mailbox.mails().filter(({ to }) => to.includes(email))).toHaveLength(1)
  })

  it('is over after seven days: it is not listed, its address can be invited anew', async () => {
    const email = freshEmail()
    await invite(email)
    clock.advance(7 * 86_400)
    boss = await portal.operator()
    admin = await portal.signedIn({ email: 'admin@example.org' })
    expect((await boss.get(at)).json.items).toEqual([])
    expect((await boss.post(at, { email })).status).toBe(201)
    expect(await given.database.client.invitation.count({ where: { email } })).toBe(1)
  })

  it('lets admins invite everybody but owners, and touch no invitation of one', async () => {
    const owner = await admin.post(at, { email: freshEmail(), role: 'owner' })
    expect([owner.status, owner.json.code]).toEqual([403, 'member.role_refused'])
    const { id, token } = await invite(freshEmail(), 'owner')
    for (const refused of [await admin.post(`${at}/${id}/resend`), await admin.delete(`${at}/${id}`)])
      expect([refused.status, refused.json.code]).toEqual([403, 'member.role_refused'])
    expect((await portal.browser().get(tokenPath(token))).json.role).toBe('owner')
  })

  it('shows members nothing of it, and strangers not even the tenant', async () => {
    const { id } = await invite(freshEmail())
    const member = await portal.signedIn({ email: 'plain@example.org' })
    await boss.post('/api/tenants/acme/members', { email: 'plain@example.org' })
    const stranger = await portal.signedIn({ email: 'stranger@example.org' })
    for (const [who, status] of [
      [member, 403],
      [stranger, 404],
      [portal.browser(), 401],
    ] as const)
      for (const answer of [
        await who.get(at),
        await who.post(at, { email: freshEmail() }),
        await who.post(`${at}/${id}/resend`),
        await who.delete(`${at}/${id}`),
      ])
        expect(answer.status).toBe(status)
  })

  it('belongs to one tenant: another one’s admin does not find it', async () => {
    const { id, token } = await invite(freshEmail())
    const foreign = await portal.signedIn({ email: 'foreign@example.org' })
    await boss.post('/api/tenants/other/members', { email: 'foreign@example.org', role: 'owner' })
    for (const answer of [
      await foreign.post(`/api/tenants/other/invitations/${id}/resend`),
      await foreign.delete(`/api/tenants/other/invitations/${id}`),
    ])
      expect([answer.status, answer.json.code]).toEqual([404, 'invitation.not_found'])
    expect((await portal.browser().get(tokenPath(token))).status).toBe(200)
  })

  it('is listed page by page', async () => {
    for (let more = 0; more < 3; more += 1) await invite(freshEmail())
    const first = (await admin.get(`${at}?limit=2`)).json
    expect(first.items).toHaveLength(2)
    const second = (await admin.get(`${at}?limit=2&cursor=${first.nextCursor}`)).json
    const ids = [...first.items, ...second.items].map(({ id }) => id)
    expect(new Set(ids).size).toBe(4)
    expect(ids).toEqual(ids.toSorted().reverse())
  })

  it('ends when its address is added by hand', async () => {
    const email = freshEmail()
    await portal.signedIn({ email })
    const { token } = await invite(email)
    expect((await admin.post('/api/tenants/acme/members', { email })).status).toBe(201)
    expect((await portal.browser().get(tokenPath(token))).status).toBe(404)
    expect((await auditOf('invitation.revoked'))[0]).toMatchObject({ before: { email: '(not kept)' } })
  })

  it('is used up without a change by somebody who became a member meanwhile', async () => {
    const email = freshEmail()
    const person = await portal.signedIn({ email })
    const { token } = await invite(email, 'owner')
    // An admin does not end an owner's invitation, so it is still open.
    await admin.post('/api/tenants/acme/members', { email })
    expect((await accept(person, token)).json).toMatchObject({ tenant: 'acme', role: 'member' })
    expect((await person.get(tokenPath(token))).status).toBe(404)
  })

  it('is neither made for a tenant that is to be deleted, nor accepted into one', async () => {
    await boss.post('/api/tenants', { slug: 'leaving', name: 'Leaving' })
    const email = freshEmail()
    const path = '/api/tenants/leaving/invitations'
    const { id } = (await boss.post(path, { email })).json
    const token = await mailedToken(mailbox, email)
    await boss.delete('/api/tenants/leaving')
    for (const answer of [
      await boss.post(path, { email: freshEmail() }),
      await boss.post(`${path}/${id}/resend`),
      await portal.browser().get(tokenPath(token)),
      await accept(portal.browser(), token, { name: 'Late', password: strong }),
    ])
      expect([answer.status, answer.json.code]).toEqual([409, 'invitation.tenant_closed'])
    expect(await given.database.client.user.count({ where: { email } })).toBe(0)
  })

  it('lets the holder of one token in once, however often they press', async () => {
    const email = freshEmail()
    const { token } = await invite(email)
    const body = { name: 'Impatient', password: strong }
    const answers = await Promise.all(Array.from({ length: 6 }, () => accept(portal.browser(), token, body)))
    const statuses = answers.map(({ status }) => status)
    expect(statuses.filter((status) => status === 200)).toHaveLength(1)
    expect(statuses.every((status) => [200, 401, 404].includes(status))).toBe(true)
    expect(await given.database.client.user.count({ where: { email } })).toBe(1)
  })

  it('makes an account that ends what the browser was signed in with before', async () => {
    const { token } = await invite(freshEmail())
    const browser = await portal.operator()
    const former = browser.cookie
    await given.database.client.session.updateMany({ data: { lastSeenAt: new Date(0) } })
    expect((await browser.get('/api/me')).status).toBe(401)
    expect((await accept(browser, token, { name: 'New', password: strong })).status).toBe(200)
    expect(browser.cookie).not.toBe(former)
    boss = await portal.operator()
    admin = await portal.signedIn({ email: 'admin@example.org' })
  })

  it('is worth nothing to somebody who was disabled', async () => {
    const email = freshEmail()
    const person = await portal.signedIn({ email })
    const { token } = await invite(email)
    const [{ id }] = (await boss.get(`/api/users?search=${email}`)).json.items
    await boss.patch(`/api/users/${id}`, { status: 'disabled' })
    expect((await accept(person, token)).status).toBe(401)
    const anew = await accept(portal.browser(), token, { name: 'Again', password: strong })
    expect([anew.status, anew.json.code]).toEqual([401, 'invitation.sign_in_first'])
  })

  it('waits for the second factor that is asked of who is signed in', async () => {
    const email = freshEmail()
    const person = await portal.signedIn({ email })
    const { token } = await invite(email)
    const restrict = (restricted: boolean) =>
      given.database.client.session.updateMany({ where: { user: { email } }, data: { restricted } })
    await restrict(true)
    const refused = await accept(person, token)
    expect(refused.json.code).toBe('auth.second_factor_required')
    await restrict(false)
    expect((await accept(person, token)).status).toBe(200)
  })

  it('counts looks that find nothing against the address that they come from', async () => {
    const { token } = await invite(freshEmail())
    const unknown = 'b'.repeat(43)
    let last = 404
    for (let look = 0; look < 120 && last === 404; look += 1)
      last = (await portal.browser().get(tokenPath(unknown))).status
    expect(last).toBe(429)
    expect((await accept(portal.browser(), token, { name: 'G', password: strong })).status).toBe(429)
    clock.advance(901)
    expect((await portal.browser().get(tokenPath(token))).status).toBe(200)
  })
})

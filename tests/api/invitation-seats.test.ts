import { afterAll, beforeAll, expect, it } from 'vitest'
import { removeExpiredInvitations } from '#server/domain/invitations/invitations'
import { describeEachDatabase } from '../harness/databases'
import type { HttpClient } from '../harness/http'
import { strongPassword as strong, tokenOf } from '../harness/invitations'
import { startMailbox, type Mailbox } from '../harness/mailbox'
import { operatorEmail, startPortal, type Portal } from '../harness/portal'

const publicUrl = 'http://localhost:3000'

describeEachDatabase('seats and invitations', (given) => {
  let portal: Portal
  let boss: HttpClient
  beforeAll(async () => {
    portal = await startPortal(given.url)
    boss = await portal.operator()
  })
  afterAll(() => portal.close())

  const tenant = async (slug: string, plan = 'mvp') => {
    expect((await boss.post('/api/tenants', { slug, name: slug, plan })).status).toBe(201)
    return `/api/tenants/${slug}/invitations`
  }

  it('holds a seat, where there is no mail server with a link to hand over', async () => {
    const at = await tenant('small')
    const made = []
    for (let seat = 0; seat < 4; seat += 1) made.push(await boss.post(at, { email: `s${seat}@example.org` }))
    for (const { status, json } of made) {
      expect([status, json.delivery]).toEqual([201, 'by_hand'])
      expect(tokenOf(json.acceptUrl)).toHaveLength(43)
      expect(json.acceptUrl.startsWith(publicUrl)).toBe(true)
    }
    const full = await boss.post(at, { email: 's5@example.org' })
    expect([full.status, full.json.code]).toEqual([409, 'subscription.seats_exhausted'])
    expect(full.json.detail).toContain('Open invitations hold 4')
    expect(JSON.stringify((await boss.get(at)).json)).not.toContain('acceptUrl')
    expect((await boss.delete(`${at}/${made[0]?.json.id}`)).status).toBe(204)
    expect((await boss.post(at, { email: 's5@example.org' })).status).toBe(201)
    const again = await boss.post(`${at}/${made[1]?.json.id}/resend`)
    expect(tokenOf(again.json.acceptUrl)).not.toBe(tokenOf(made[1]?.json.acceptUrl))
  })

  it('makes no more invitations than seats, asked for at once', async () => {
    const at = await tenant('crowd')
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, one) => boss.post(at, { email: `c${one}@example.org` })),
    )
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(4)
    expect(answers.every(({ status }) => status === 201 || status === 409)).toBe(true)
  })

  it('lets 3 of 20 in who accept at once where 3 seats are free', async () => {
    const at = await tenant('rush', 'pro')
    const links = await Promise.all(
      Array.from({ length: 20 }, async (_, one) => {
        const { json } = await boss.post(at, { email: `r${one}@example.org` })
        return tokenOf(json.acceptUrl)
      }),
    )
    await portal.signedIn({ email: 'second@example.org' })
    await boss.post('/api/tenants/rush/members', { email: 'second@example.org' })
    // A smaller plan: 5 seats, 2 of them taken.
    expect((await boss.patch('/api/tenants/rush/subscription', { plan: 'mvp' })).status).toBe(200)
    const answers = await Promise.all(
      links.map((token, one) =>
        portal.browser().post(`/api/invitations/${token}/accept`, { name: `Guest ${one}`, password: strong }),
      ),
    )
    const refused = answers.filter(({ status }) => status !== 200)
    expect(answers.length - refused.length).toBe(3)
    for (const { status, json } of refused)
      expect([status, json.code]).toEqual([409, 'subscription.seats_exhausted'])
    const { items } = (await boss.get('/api/tenants/rush/members')).json
    expect(items).toHaveLength(5)
    // Who was refused has no account, and an invitation still.
    expect(await given.database.client.user.count({ where: { email: { startsWith: 'r' } } })).toBe(3)
    expect((await boss.get(at)).json.items).toHaveLength(17)
  })

  it('removes what is over from the database', async () => {
    const at = await tenant('stale')
    await boss.post(at, { email: 'stale@example.org' })
    const { invitation } = given.database.client
    await invitation.updateMany({ where: { email: 'stale@example.org' }, data: { expiresAt: new Date(0) } })
    expect(await removeExpiredInvitations(portal.container.scopes.platform('test'))).toBe(1)
    expect(await invitation.count({ where: { email: 'stale@example.org' } })).toBe(0)
  })
})

describeEachDatabase('an invitation that the mail server does not take', (given) => {
  let mailbox: Mailbox
  let portal: Portal
  let boss: HttpClient
  beforeAll(async () => {
    mailbox = await startMailbox({ refuseRecipients: 550 })
    const env = { SMTP_URL: mailbox.url, MAIL_FROM: 'portal@example.org' }
    portal = await startPortal(given.url, { env })
    boss = await portal.operator()
    await boss.post('/api/tenants', { slug: 'acme', name: 'Acme' })
  })
  afterAll(async () => {
    await portal.close()
    await mailbox.stop()
  })

  it('stands unsent, without its link in anybody’s hands', async () => {
    const made = await boss.post('/api/tenants/acme/invitations', { email: 'ada@example.org' })
    expect(made.status).toBe(201)
    expect(made.json).toMatchObject({ delivery: 'failed', sentAt: null })
    expect(made.json).not.toHaveProperty('acceptUrl')
    const again = await boss.post(`/api/tenants/acme/invitations/${made.json.id}/resend`)
    expect([again.status, again.json.delivery]).toEqual([200, 'failed'])
    const { items } = (await boss.get('/api/tenants/acme/invitations')).json
    expect(items).toMatchObject([{ email: 'ada@example.org', delivery: 'failed' }])
  })

  it('is not mailed where its transaction was rolled back', async () => {
    const before = mailbox.mails().length
    const refused = await boss.post('/api/tenants/acme/invitations', { email: operatorEmail })
    expect(refused.json.code).toBe('member.already_there')
    expect(mailbox.mails()).toHaveLength(before)
  })
})

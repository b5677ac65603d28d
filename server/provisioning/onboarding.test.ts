import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import type { Mailer, Message } from '#server/domain/mail/mail'
import { IntegrationError } from '#server/lib/errors'
import { createAttempts } from '#server/auth/sign-in/attempts'
import { createSmtpMailer } from '#server/integrations/smtp/client'
import { openDatabaseCache } from '#server/storage/cache-database'
import { startMailbox, type Mailbox } from '../../tests/harness/mailbox'
import { describeEachDatabase } from '../../tests/harness/databases'
import { carryOut, createWorkshop } from '../../tests/harness/provisioning'
import { createOnboardingPlanner } from './onboarding-planner'
import { onboardingStore } from './onboarding.store'
import { resendOnboarding } from './resend-onboarding'

const sender = { portalName: 'Acme Workspace', origin: 'https://portal.example.org' }
const unreachable = new IntegrationError({ service: 'smtp', kind: 'unreachable', message: 'Nobody there.' })
const refused = new IntegrationError({
  service: 'smtp',
  kind: 'rejected',
  message: 'The mail server refused the recipient: there is no such mailbox (550 5.1.1).',
})
const unsure = new IntegrationError({
  ...{ service: 'smtp', kind: 'timeout', message: 'Silence.', retryable: false },
})

describeEachDatabase('the onboarding mail', (given) => {
  const workshop = createWorkshop(given)
  let mailbox: Mailbox
  beforeAll(async () => {
    mailbox = await startMailbox()
  })
  afterAll(() => mailbox.stop())

  /** A mail server that does what it is told, mail by mail, and then works. */
  function scripted(...answers: ((message: Message) => Promise<void>)[]) {
    const taken: Message[] = []
    const mailer: Mailer = {
      async send(message) {
        await (answers.shift() ?? (() => Promise.resolve()))(message)
        taken.push(message)
      },
      close: () => Promise.resolve(),
    }
    return { mailer, taken, to: () => taken.map(({ to }) => to).sort() }
  }

  type FirstPasswordLink = (person: { userId: string }) => Promise<string | null>
  const step = (mailer: Mailer, firstPasswordLink?: FirstPasswordLink) =>
    createStep(mailer, sender, firstPasswordLink)
  const createStep = (mailer: Mailer, from: typeof sender, firstPasswordLink?: FirstPasswordLink) => ({
    planner: createOnboardingPlanner({
      mailer,
      sender: () => Promise.resolve(from),
      storeOf: (tenantId) => onboardingStore(given.database.client, workshop.clock, tenantId),
      places: ['https://id.example.org'],
      ...(firstPasswordLink && { firstPasswordLink }),
    }),
  })

  async function tenantOf(...people: { email: string; locale?: string }[]) {
    const tenant = await workshop.createTenant()
    for (const { email, locale } of people) await join(tenant.id, email, locale)
    return tenant
  }

  async function join(tenantId: string, email: string, locale?: string): Promise<string> {
    const platform = workshop.scopes().platform('test')
    return platform.transaction(async (stores) => {
      const user = await stores.users.create({
        ...{ email, emailVerified: true, name: 'Ada', platformRole: 'user', passwordHash: null },
        locale: locale ?? null,
      })
      await stores.ofTenant(tenantId).members.add(user.id, 'member', 'manual')
      await stores.ofTenant(tenantId).steps.ask('changed')
      return user.id
    })
  }

  const desired = (tenantId: string) =>
    workshop.scopes().platform('test').stores.ofTenant(tenantId).desired.get()
  const signal = new AbortController().signal
  const settle = async (tenantId: string, { planner }: ReturnType<typeof step>) =>
    carryOut(planner, await desired(tenantId), signal)
  const notes = async (tenantId: string, { planner }: ReturnType<typeof step>) =>
    (await planner.plan(await desired(tenantId), { externalId: null }, signal)).notes

  it('goes to every member once, in their language, as text and HTML', async () => {
    const tenant = await tenantOf({ email: 'ada@example.org' }, { email: 'uwe@example.org', locale: 'de' })
    const mailer = createSmtpMailer({ url: mailbox.url, tls: 'offered', from: 'Portal <portal@example.org>' })
    const mail = step(mailer, () => Promise.resolve('https://id.example.org/first'))
    await settle(tenant.id, mail)
    const ada = await mailbox.newestTo('ada@example.org')
    expect(ada.text).toContain('everything is set up for you')
    expect(ada.text).toContain('https://id.example.org/first')
    expect(ada.text).toContain(`https://portal.example.org/tenants/${tenant.slug}`)
    expect(ada.source).toContain('text/html')
    expect((await mailbox.newestTo('uwe@example.org')).text).toContain('alles ist')
    await join(tenant.id, 'new@example.org')
    await settle(tenant.id, mail)
    await settle(tenant.id, mail)
    expect(mailbox.mails().map(({ to }) => to[0])).toEqual([
      'ada@example.org',
      'uwe@example.org',
      'new@example.org',
    ])
    await mailer.close()
  })

  it('is in the language of the tenant to whoever chose none', async () => {
    const people = [{ email: 'ada@example.org' }, { email: 'eve@example.org', locale: 'en' }]
    const { id } = await tenantOf(...people)
    await given.database.client.tenant.update({ where: { id }, data: { locale: 'de' } })
    const { mailer, taken } = scripted()
    await settle(id, step(mailer))
    expect(taken.map(({ to, subject }) => [to, subject])).toEqual([
      ['ada@example.org', expect.stringContaining('ist für Sie bereit')],
      ['eve@example.org', expect.stringContaining('is ready for you')],
    ])
  })

  it('is sent by the engine, and once where two are at it', async () => {
    const { mailer, to } = scripted()
    const tenant = await tenantOf({ email: 'ada@example.org' })
    await Promise.all([settle(tenant.id, step(mailer)), settle(tenant.id, step(mailer))])
    expect(to()).toEqual(['ada@example.org'])
    const other = await tenantOf({ email: 'eve@example.org' })
    workshop.start([step(mailer)])
    await workshop.stepReached(other.id, 'mail', 'ok')
    await workshop.stepReached(tenant.id, 'mail', 'ok')
    expect(to()).toEqual(['ada@example.org', 'eve@example.org'])
  })

  it('is not sent twice where the process dies between sending and writing that down', async () => {
    const { mailer, to } = scripted(() => new Promise(() => {}))
    const tenant = await tenantOf({ email: 'ada@example.org' })
    const [change] = (await step(mailer).planner.plan(await desired(tenant.id), { externalId: null }, signal))
      .changes
    void change?.apply(signal)
    await vi.waitFor(async () => expect(await given.database.client.onboardingMail.count()).toBe(1))
    const store = onboardingStore(given.database.client, workshop.clock, tenant.id)
    expect(await store.forgetUnsure()).toBe(0)
    expect((await settle(tenant.id, step(mailer))).changes).toEqual([])
    expect(await notes(tenant.id, step(mailer))).toEqual([
      'The mail may not have been sent to ada@example.org. Send it again to be sure.',
    ])
    expect(to()).toEqual([])
  })

  it('is said to be unsure where nobody knows, and goes to the others all the same', async () => {
    const { mailer, to } = scripted(() => Promise.reject(unsure))
    const tenant = await tenantOf({ email: 'ada@example.org' }, { email: 'bob@example.org' })
    await settle(tenant.id, step(mailer))
    expect(to()).toEqual(['bob@example.org'])
    expect((await notes(tenant.id, step(mailer))).join()).toContain('ada@example.org')
  })

  it('is said to be refused, and why, where it was for good, until it is sent again', async () => {
    const { mailer, to } = scripted(() => Promise.reject(refused))
    const tenant = await tenantOf({ email: 'ada@example.org' }, { email: 'bob@example.org' })
    await settle(tenant.id, step(mailer))
    await settle(tenant.id, step(mailer))
    expect(to()).toEqual(['bob@example.org'])
    expect(await notes(tenant.id, step(mailer))).toEqual([
      'ada@example.org got no mail. The mail server refused the recipient: there is no such mailbox (550 5.1.1). ' +
        'Send it again once that is mended.',
    ])
    const scope = await workshop.scopeOf(tenant.slug)
    const cache = openDatabaseCache({ database: given.database, clock: workshop.clock })
    workshop.clock.advance(120_000)
    await resendOnboarding(scope, { mailer, attempts: createAttempts(cache, Buffer.alloc(32, 1)) })
    await settle(tenant.id, step(mailer))
    expect(to()).toEqual(['ada@example.org', 'bob@example.org'])
    expect(await notes(tenant.id, step(mailer))).toEqual([])
    await cache.close()
  })

  it('takes no header and no recipient from what anybody is called', async () => {
    const evil = 'Acme\r\nBcc: eve@example.org\r\n\r\n<script>x</script>\u2028\u202e'
    const tenant = await tenantOf({ email: 'ada@example.org' })
    await given.database.client.tenant.update({ where: { id: tenant.id }, data: { name: evil } })
    const mailer = createSmtpMailer({ url: mailbox.url, tls: 'offered', from: 'Portal <portal@example.org>' })
    const { planner } = createStep(mailer, { portalName: evil, origin: sender.origin })
    await settle(tenant.id, { planner })
    const mail = await mailbox.newestTo('ada@example.org')
    expect(mail.to).toEqual(['ada@example.org'])
    const [head = ''] = mail.source.split('\r\n\r\n')
    const html = mail.source.split('text/html').at(-1)
    expect(head).not.toMatch(/^(bcc|cc|x-[a-z]+):/im)
    expect(head.match(/^Subject: /gm)).toHaveLength(1)
    expect(html).toContain('&#60;script&#62;')
    expect(html).not.toMatch(/<script/i)
    await mailer.close()
  })

  it('is tried again where it certainly was not sent', async () => {
    const { mailer, to } = scripted(() => Promise.reject(unreachable))
    const tenant = await tenantOf({ email: 'ada@example.org' })
    await expect(settle(tenant.id, step(mailer))).rejects.toBe(unreachable)
    await settle(tenant.id, step(mailer))
    expect(to()).toEqual(['ada@example.org'])
    expect(await notes(tenant.id, step(mailer))).toEqual([])
  })

  it('is not written to a tenant that is closed', async () => {
    const { mailer } = scripted()
    const tenant = await tenantOf({ email: 'ada@example.org' })
    const closed = { ...(await desired(tenant.id)), state: 'closed' as const }
    expect((await step(mailer).planner.plan(closed, { externalId: null }, signal)).changes).toEqual([])
  })

  it('goes again to one who asks for it, or to all whom it may not have reached', async () => {
    const { mailer, to } = scripted(() => Promise.reject(unsure))
    const tenant = await tenantOf({ email: 'ada@example.org' }, { email: 'bob@example.org' })
    await settle(tenant.id, step(mailer))
    const scope = await workshop.scopeOf(tenant.slug)
    const cache = openDatabaseCache({ database: given.database, clock: workshop.clock })
    const means = { mailer, attempts: createAttempts(cache, Buffer.alloc(32, 1)) }
    await resendOnboarding(scope, means)
    await settle(tenant.id, step(mailer))
    expect(to()).toEqual(['ada@example.org', 'bob@example.org'])
    const bob = (await scope.stores.members.list({ limit: 10 })).items.find(({ email }) =>
      email?.startsWith('bob'),
    )
    for (let times = 0; times < 5; times++) await resendOnboarding(scope, means, { userId: bob?.userId })
    await settle(tenant.id, step(mailer))
    expect(to()).toEqual(['ada@example.org', 'bob@example.org', 'bob@example.org'])
    await expect(resendOnboarding(scope, means, { userId: bob?.userId })).rejects.toMatchObject({
      code: 'rate.limited',
    })
    await expect(resendOnboarding(scope, means, { userId: tenant.id })).rejects.toMatchObject({
      code: 'member.not_found',
    })
    await expect(resendOnboarding(scope, { ...means, mailer: undefined })).rejects.toMatchObject({
      code: 'onboarding.no_mail_server',
    })
    const audited = { action: 'tenant.onboarding_resent', tenantId: tenant.id }
    expect(await given.database.client.auditEntry.count({ where: audited })).toBe(6)
    await cache.close()
  })
})

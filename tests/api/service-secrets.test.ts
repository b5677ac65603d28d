import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import { createLog } from '#server/lib/log'
import { newId } from '#server/lib/ids'
import { startAuthentikFake, type AuthentikFake } from '#server/integrations/authentik/fake'
import { startOcisFake, type OcisFake } from '#server/integrations/ocis/fake'
import { Prisma } from '#server/storage/generated/sqlite/client'
import { startStalwartFake, type StalwartFake } from '#server/integrations/stalwart/fake'
import { startMailbox, type Mailbox } from '../harness/mailbox'
import { describeEachDatabase } from '../harness/databases'
import type { HttpClient } from '../harness/http'
import { startPortal, type Portal } from '../harness/portal'

const smtpPassword = 'smtp-password-of-ours'
const privateKey = '-----BEGIN PRIVATE KEY-----\nMIIBVgIBADANBgkqhkiG9w0BAQ\n-----END PRIVATE KEY-----'
const inText = (_: string, value: unknown) => (typeof value === 'bigint' ? String(value) : value)
const recoveryLink = 'https://id.example.org/recovery/use-token/Planted1Recovery2Token3/?next=/'

describeEachDatabase('secrets of the services', (given) => {
  let authentik: AuthentikFake
  let stalwart: StalwartFake
  let ocis: OcisFake
  let mailbox: Mailbox
  let portal: Portal
  let boss: HttpClient
  let lines: string[]
  /** Access tokens that were issued on the way. */
  let issued: string[]

  beforeAll(async () => {
    mailbox = await startMailbox({ login: ['portal', smtpPassword] })
  })
  afterAll(() => mailbox.stop())

  beforeEach(async () => {
    lines = []
    issued = []
    authentik = await startAuthentikFake()
    authentik.setRecoveryFlow(true)
    stalwart = await startStalwartFake({ keysAfter: 1, token: 'admin:fourWordsOfMine' })
    ocis = await startOcisFake()
    const real = globalThis.fetch
    vi.stubGlobal('fetch', async (...args: Parameters<typeof fetch>) => {
      const { authorization } = { ...(args[1]?.headers as Record<string, string> | undefined) }
      if (authorization?.startsWith('Bearer ')) issued.push(authorization.slice('Bearer '.length))
      return real(...args)
    })
    portal = await startPortal(given.url, {
      log: createLog('trace', { write: (line) => void lines.push(line) }),
      env: {
        AUTHENTIK_API_URL: authentik.url,
        AUTHENTIK_API_TOKEN: authentik.token,
        STALWART_API_URL: stalwart.url,
        STALWART_API_TOKEN: stalwart.token,
        OCIS_API_URL: ocis.url,
        OCIS_CLIENT_ID: ocis.credentials.clientId,
        OCIS_CLIENT_SECRET: ocis.credentials.clientSecret,
        OCIS_TOKEN_URL: ocis.tokenUrl,
        SMTP_URL: mailbox.url.replace('smtp://', `smtp://portal:${smtpPassword}@`),
        // The one on loopback has no TLS.
        SMTP_TLS: 'offered',
        MAIL_FROM: 'portal@example.org',
      },
    })
    boss = await portal.operator()
  })
  afterEach(async () => {
    await portal.close()
    await given.database.client.tenant.deleteMany()
    vi.unstubAllGlobals()
    await Promise.all([authentik.stop(), stalwart.stop(), ocis.stop()])
    mailbox.clear()
  })

  const secrets = () => [
    authentik.token,
    stalwart.token,
    Buffer.from(stalwart.token).toString('base64'),
    'fourWordsOfMine',
    ocis.credentials.clientSecret,
    smtpPassword,
    'MIIBVgIBADANBgkqhkiG9w0BAQ',
    'Planted1Recovery2Token3',
    ...issued,
  ]
  const steps = async () =>
    (await boss.get('/api/tenants/acme/provisioning')).json.steps as {
      service: string
      step: string
      status: string
      error: string | null
    }[]

  /** A tenant with a verified domain and a member whom nobody knows yet, brought about. */
  async function bringAbout() {
    const made = await boss.post('/api/tenants', { slug: 'acme', name: 'Acme' })
    const [now, name] = [new Date(), 'acme.example']
    await given.database.client.domain.create({
      data: {
        ...{ id: newId(), tenantId: made.json.id as string, name, challenge: 'x', verifiedName: name },
        ...{ verifiedAt: now, createdAt: now, updatedAt: now },
      },
    })
    await portal.signedIn({ email: 'ada@example.org' })
    expect(
      (await boss.post('/api/tenants/acme/members', { email: 'ada@example.org', role: 'member' })).status,
    ).toBe(201)
    portal.container.reconciler.start()
  }

  /** Everything that anybody gets to see: pages, events, logs, and all that is kept. */
  async function everything(): Promise<string> {
    const paths = ['', '/provisioning', '/plan', '/runs', '/drift', '/receipts', '/audit', '/domains'].map(
      (path) => `/api/tenants/acme${path}`,
    )
    const answers: string[] = []
    for (const path of [...paths, '/api/operator/board', '/api/operator/drift', '/api/audit']) {
      const { status, text } = await boss.get(path)
      expect([path, status]).toEqual([path, 200])
      answers.push(text)
    }
    const leave = new AbortController()
    const stream = await fetch(`${boss.url}/api/tenants/acme/provisioning/events`, {
      headers: { cookie: boss.cookie ?? '' },
      signal: leave.signal,
    })
    let events = ''
    for await (const chunk of stream.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      events += chunk
      if (events.match(/^data: .*\n\n/gm)?.length === 7) break
    }
    leave.abort()
    answers.push(events)
    return [...answers, ...lines, JSON.stringify(await allRows(), inText)].join('\n')
  }

  async function allRows() {
    const client = given.database.client as unknown as Record<string, { findMany?: () => Promise<unknown[]> }>
    const rows = []
    for (const name of Object.values(Prisma.ModelName)) {
      const found = await client[`${name[0]?.toLowerCase()}${name.slice(1)}`]?.findMany?.()
      if (!found) throw new TypeError(`There is no model ${name}`)
      rows.push(...found)
    }
    return rows
  }

  async function expectNone() {
    const text = await everything()
    for (const secret of secrets()) expect(text.includes(secret), secret).toBe(false)
    return text
  }

  it('go where they belong while everything works', async () => {
    await bringAbout()
    const mail = await mailbox.newestTo('ada@example.org')
    expect(mail.text).toContain('/recovery/use-token/')
    await vi.waitFor(
      async () => expect((await steps()).map(({ status }) => status)).toEqual(Array(7).fill('ok')),
      20_000,
    )
    const text = await expectNone()
    expect(text).not.toContain('use-token')
    expect(issued.length).toBeGreaterThan(0)
  })

  it('are in no words of a service that repeats them', async () => {
    // What it was sent, in every form, and what it holds for others.
    const saidBy = (...sent: string[]) =>
      `no: ${[...sent.flatMap((it) => [it, encodeURIComponent(it)]), privateKey, recoveryLink].join(' and ')}`
    const basic = Buffer.from(stalwart.token).toString('base64')
    const always = { kind: 'answer', times: 'always', status: 400 } as const
    authentik.faults.add({
      ...always,
      body: { detail: saidBy(authentik.token) },
      operation: 'core_users_list',
    })
    stalwart.faults.add({
      ...always,
      body: { title: 'No', detail: saidBy(stalwart.token, basic, 'fourWordsOfMine') },
      operation: 'x:Domain/set',
    })
    ocis.faults.add({
      ...always,
      body: { error: { code: 'no', message: saidBy(ocis.credentials.clientSecret) } },
      operation: 'CreateDrive',
    })
    await bringAbout()
    await vi.waitFor(async () => {
      const failing = (await steps()).filter(({ status }) => status === 'error')
      expect(failing.map(({ service, step }) => `${service}/${step}`)).toEqual([
        'authentik/members',
        'stalwart/domains',
        'ocis/space',
      ])
      for (const { error } of failing) expect(error).toContain('[redacted]')
    }, 20_000)
    await expectNone()
  })

  it('are in no words about what is no answer', async () => {
    const said = `<html>${[...secrets(), privateKey, recoveryLink].join(' ')}</html>`
    const headers = {
      'content-type': 'text/html',
      location: `https://id.example.org/?token=${authentik.token}`,
    }
    const always = { kind: 'answer', times: 'always', headers, body: said } as const
    authentik.faults.add({ ...always, status: 302 })
    stalwart.faults.add({ ...always, status: 200 })
    ocis.faults.add({ ...always, status: 502, operation: 'IssueToken' })
    await bringAbout()
    await vi.waitFor(async () => {
      const failing = (await steps()).filter(({ status }) => status === 'error')
      expect(failing.map(({ service, step }) => `${service}/${step}`)).toEqual([
        'authentik/group',
        'stalwart/domains',
        'ocis/space',
      ])
    }, 20_000)
    await expectNone()
  })
})

import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest'
import { checkDueDomains } from '#server/domain/domains/domains'
import { startStalwartFake, type StalwartFake } from '#server/integrations/stalwart/fake'
import type { DatabaseUnderTest } from './databases'
import type { HttpClient } from './http'
import { startNameServer, type NameServer } from './name-server'
import { password, startPortal, TestClock, type Portal } from './portal'

/** The TXT record that is asked for. */
export interface Challenge {
  name: string
  value: string
}

/** A portal with a name server and a mail server of its own, and a tenant for each test; to be called in a suite. */
export function domainsScene(given: DatabaseUnderTest) {
  const clock = new TestClock()
  let names: NameServer
  let mail: StalwartFake
  let portal: Portal
  let boss: HttpClient
  let counter = 0
  let slug = ''

  beforeAll(async () => {
    names = await startNameServer()
    mail = await startStalwartFake()
    const env = {
      DNS_RESOLVER: names.address,
      STALWART_API_URL: mail.url,
      STALWART_API_TOKEN: mail.token,
      PUBLIC_URL: 'https://portal.example.org',
    }
    portal = await startPortal(given.url, { clock, env })
    boss = await portal.operator()
  })
  beforeEach(async () => void (slug = await scene.newTenant()))
  afterEach(() => names.clear())
  afterAll(async () => {
    await portal.close()
    await mail.stop()
    await names.stop()
  })

  const path = (tenant: string) => `/api/tenants/${tenant}/domains`
  const scene = {
    clock,
    get names() {
      return names
    },
    get mail() {
      return mail
    },
    get portal() {
      return portal
    },
    /** The operator's browser. */
    get boss() {
      return boss
    },
    /** Of the test's own tenant. */
    get slug() {
      return slug
    },
    /** Its domains. */
    get at() {
      return path(slug)
    },
    /** Moves the clock, and signs the operator in again. */
    async advance(seconds: number) {
      clock.advance(seconds)
      boss = await portal.operator()
    },
    /** A name that no other test has. */
    freshName: () => `acme${(counter += 1)}.example`,
    async newTenant() {
      const name = `tenant-${(counter += 1)}`
      expect((await boss.post('/api/tenants', { slug: name, name, plan: 'pro' })).status).toBe(201)
      return name
    },
    async claim(name: string, tenant = slug) {
      const { status, json } = await boss.post(path(tenant), { name })
      expect([status, json.code]).toEqual([201, undefined])
      return json.challenge as Challenge
    },
    publish: ({ name, value }: Challenge) => names.setText(name, 'another text', value),
    verify: (name: string, tenant = slug) => boss.post(`${path(tenant)}/${name}/verify`),
    /** Claims, publishes and verifies. */
    async own(name: string, tenant = slug) {
      scene.publish(await scene.claim(name, tenant))
      const { status, json } = await scene.verify(name, tenant)
      expect([status, json.code]).toEqual([200, undefined])
      return json
    },
    async join(email: string, name: string) {
      const made = await boss.post('/api/users', { email, name, password })
      expect([201, 409]).toContain(made.status)
      const added = await boss.post(`/api/tenants/${slug}/members`, { email, role: 'member' })
      expect(added.status).toBe(201)
    },
    /** Of the members, in the order in which they came. */
    async mailboxes() {
      const rows = await given.database.client.membership.findMany({
        where: { tenant: { slug } },
        orderBy: { id: 'asc' },
        select: { mailbox: true },
      })
      return rows.map(({ mailbox }) => mailbox)
    },
    async audit(action: string, tenant = slug) {
      const { items } = (await boss.get(`/api/tenants/${tenant}/audit?limit=200`)).json
      return items.filter((entry: { action: string }) => entry.action === action)
    },
    runs: async () => (await boss.get(`/api/tenants/${slug}/runs`)).json.items.length as number,
    /** Looks at the domains whose turn it is, as a worker does. */
    recheck() {
      const { scopes, drain } = portal.container
      const rhythm = { everySeconds: 3600, limit: 50 }
      return checkDueDomains(scopes.platform('test'), portal.container, rhythm, drain.signal)
    },
  }
  return scene
}

/** The record of a purpose, of a domain as it is shown. */
export const recordOf = (domain: { records: { purpose: string; value: string }[] }, purpose: string) =>
  domain.records.find((one) => one.purpose === purpose)

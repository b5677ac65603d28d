import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { IntegrationError } from '#server/lib/errors'
import { newId } from '#server/lib/ids'
import type {
  DesiredMember as Member,
  DesiredTenant as Tenant,
  StepPlanner,
  Surveyed,
} from '#server/provisioning/step-planner.port'
import { createStalwartPlanners, createStalwartRecords } from './client'
import { startStalwartFake } from './fake'
import { applyPatiently, summary } from './fake-tenants'

type Page = Awaited<ReturnType<NonNullable<StepPlanner['survey']>>>

/** Something that says it is Stalwart. */
interface Target {
  name: string
  open(): Promise<{ url: string; token: string; close(): Promise<void> }>
}

const fakes = (['jmap', 'rest'] as const).flatMap((dialect): Target[] =>
  [undefined, 'admin:a password of many words'].map((token) => ({
    name: `the fake, ${dialect}, ${token ? 'with a password' : 'with a key'}`,
    async open() {
      const fake = await startStalwartFake({ dialect, ...(token ? { token } : {}) })
      return {
        url: fake.url,
        token: fake.token,
        async close() {
          await fake.stop()
          expect(fake.violations()).toEqual([])
        },
      }
    },
  })),
)
const targets = [...fakes]

// A real server's token needs to be an administrator's. What these tests make there, they remove.
const { STALWART_TEST_URL: realUrl, STALWART_TEST_TOKEN: realToken } = process.env
if (realUrl && realToken) {
  targets.push({
    name: 'a real server',
    open: async () => ({ url: realUrl, token: realToken, close: async () => {} }),
  })
} else if (realUrl || realToken) {
  throw new Error('STALWART_TEST_URL and STALWART_TEST_TOKEN are set together, or not at all')
}

describe.each(targets)('Stalwart: $name', ({ open }) => {
  const signal = new AbortController().signal
  const known = { externalId: null }
  const tenants: Tenant[] = []
  let target: Awaited<ReturnType<Target['open']>>
  let steps: Record<'domains' | 'accounts', StepPlanner>

  beforeAll(async () => {
    target = await open()
    steps = planners()
  })

  afterAll(async () => {
    for (const tenant of tenants) await bringAbout({ ...tenant, state: 'purged' }).catch(() => {})
    await target.close()
  })

  function planners() {
    const [domains, accounts] = createStalwartPlanners({ apiUrl: target.url, token: target.token })
    if (!domains || !accounts) throw new Error('A step is missing')
    return { domains, accounts }
  }

  const newName = () => `t${newId().replaceAll('-', '').slice(-16)}.example`
  const member = (mailbox: string, name = 'Ada'): Member => ({
    userId: newId(),
    email: `${mailbox}@home.example`,
    name,
    role: 'member',
    locale: null,
    mailbox,
  })
  function newTenant(part: Partial<Tenant> = {}): Tenant {
    const tenant: Tenant = {
      id: newId(),
      slug: 'test',
      name: 'Test',
      state: 'active',
      storageBytes: 1024 ** 3,
      mailboxBytes: 2 * 1024 ** 3,
      domains: [newName()],
      members: [],
      ...part,
    }
    tenants.push(tenant)
    return tenant
  }

  /** Makes everything as it should be, and shows that it is. */
  async function bringAbout(tenant: Tenant, using = steps) {
    const made: string[] = []
    for (const step of [using.domains, using.accounts]) {
      const plan = await step.plan(tenant, known, signal)
      await applyPatiently(plan, signal)
      made.push(...summary(plan))
    }
    const [domains, accounts] = await planBoth(tenant)
    expect([...domains.changes, ...accounts.changes].filter(({ action }) => action !== 'refuse')).toEqual([])
    return { made, domains, accounts }
  }

  const planBoth = (tenant: Tenant) =>
    Promise.all([steps.domains.plan(tenant, known, signal), steps.accounts.plan(tenant, known, signal)])

  async function surveyOf(step: StepPlanner, tenantId: string) {
    const found: Surveyed[] = []
    let cursor: string | null = null
    do {
      const page: Page | undefined = await step.survey?.(cursor, signal)
      found.push(...(page?.found.filter((it) => it.tenantId === tenantId) ?? []))
      cursor = page?.next ?? null
    } while (cursor !== null)
    return found
  }

  describe('a tenant', () => {
    it('has its domains with keys, and a mailbox for each member', async () => {
      const members = [member('ada', 'Ada Lovelace'), member('bob', ''), { ...member('cyd'), mailbox: null }]
      const tenant = newTenant({ domains: [newName(), newName()], members })
      const [first, second] = tenant.domains
      const [before] = await planBoth(tenant)
      expect(summary(before)).toEqual([
        `create domain ${first}`,
        `create domain ${second}`,
        // Last, since nothing else has to wait for them.
        `create dkim ${first}`,
        `create dkim ${second}`,
      ])
      expect(before.resources).toEqual([])

      const { made, domains, accounts } = await bringAbout(tenant)
      expect(made.slice(4)).toEqual([`create account ada@${first}`, `create account bob@${first}`])
      expect(domains.notes).toEqual([])
      expect(domains.resources).toMatchObject([
        { kind: 'domain', name: first },
        { kind: 'domain', name: second },
      ])
      expect(accounts.resources).toMatchObject([
        { kind: 'account', name: `ada@${first}` },
        { kind: 'account', name: `bob@${first}` },
      ])
      expect(accounts.resources[0]?.fingerprint).toContain('Ada Lovelace')
      expect(accounts.resources[0]?.fingerprint).toContain(String(tenant.mailboxBytes))
    })

    it('is surveyed as it was planned', async () => {
      const tenant = newTenant({ domains: [newName(), newName()], members: [member('ada'), member('bob')] })
      const { domains, accounts } = await bringAbout(tenant)
      const byName = (one: { name: string }, other: { name: string }) => (one.name < other.name ? -1 : 1)
      const surveyed = await surveyOf(steps.domains, tenant.id)
      expect(surveyed.sort(byName)).toEqual(
        domains.resources.map((it) => ({ ...it, tenantId: tenant.id })).sort(byName),
      )
      const mailboxes = await surveyOf(steps.accounts, tenant.id)
      expect(mailboxes.sort(byName)).toEqual(
        accounts.resources.map((it) => ({ ...it, tenantId: tenant.id })).sort(byName),
      )
    })

    it('is found by whoever asks', async () => {
      const tenant = newTenant({ members: [member('ada')] })
      const first = await bringAbout(tenant)
      const again = await bringAbout(tenant, planners())
      expect(again.made).toEqual([])
      expect(again.accounts.resources).toEqual(first.accounts.resources)
    })

    it('follows its members', async () => {
      const ada = member('ada', 'Ada')
      const tenant = newTenant({ members: [ada, member('bob')] })
      await bringAbout(tenant)
      const changed = { ...tenant, mailboxBytes: 5_000_000, members: [{ ...ada, name: 'Ada King' }] }
      const plan = await steps.accounts.plan(changed, known, signal)
      expect(plan.changes).toMatchObject([
        {
          action: 'update',
          fields: {
            name: { from: 'Ada', to: 'Ada King' },
            quota: { from: tenant.mailboxBytes, to: 5_000_000 },
          },
        },
        { action: 'update', fields: { 'sign-in': { from: 'on', to: 'off' } }, reason: expect.any(String) },
      ])
      await applyPatiently(plan, signal)
      const after = await steps.accounts.plan(changed, known, signal)
      expect(after.changes).toEqual([])
      expect(after.resources).toHaveLength(2)
      // Who comes back finds their mail.
      const { made, accounts } = await bringAbout(tenant)
      expect(made).toEqual([
        `update account ada@${tenant.domains[0]}`,
        `update account bob@${tenant.domains[0]}`,
      ])
      expect(accounts.resources.map(({ externalId }) => externalId)).toEqual(
        after.resources.map(({ externalId }) => externalId),
      )
    })

    it('gains a domain, and loses one', async () => {
      const tenant = newTenant({ members: [member('ada')] })
      const [first = ''] = tenant.domains
      await bringAbout(tenant)
      const second = newName()
      const gained = await bringAbout({ ...tenant, domains: [first, second] })
      expect(gained.made).toEqual([
        `create domain ${second}`,
        `create dkim ${second}`,
        `update account ada@${first}`,
      ])
      expect(gained.accounts.resources).toHaveLength(1)
      const lost = await bringAbout(tenant)
      expect(lost.made).toEqual([
        `update account ada@${first}`,
        `delete dkim ${second}`,
        `delete domain ${second}`,
      ])
      expect(lost.domains.resources).toMatchObject([{ name: first }])
    })

    it('moves to another domain with its mailboxes', async () => {
      const tenant = newTenant({ members: [member('ada')] })
      const [first = ''] = tenant.domains
      const { accounts: before } = await bringAbout(tenant)
      const second = newName()
      const { accounts: after } = await bringAbout({ ...tenant, domains: [second, first] })
      expect(after.resources).toMatchObject([
        { name: `ada@${second}`, externalId: before.resources[0]?.externalId },
      ])
      expect((await bringAbout({ ...tenant, domains: [second] })).domains.resources).toMatchObject([
        { name: second },
      ])
    })

    it('keeps a domain that it lost while a mailbox is there', async () => {
      const tenant = newTenant({ members: [member('ada')] })
      const [first] = tenant.domains
      await bringAbout(tenant)
      const { made, domains } = await bringAbout({ ...tenant, domains: [], members: [] })
      expect(made).toEqual([`update account ada@${first}`])
      expect(domains.notes).toEqual([
        expect.stringContaining(`stays at Stalwart while it has mailboxes: ada@`),
      ])
      expect(domains.resources).toMatchObject([{ name: first }])
    })
  })

  describe('a tenant that is closed', () => {
    it('keeps everything and lets nobody in, until it is opened', async () => {
      const tenant = newTenant({ members: [member('ada'), member('bob')] })
      const { accounts: open } = await bringAbout(tenant)
      const closed = await bringAbout({ ...tenant, state: 'closed' })
      expect(closed.made).toEqual([
        `update account ada@${tenant.domains[0]}`,
        `update account bob@${tenant.domains[0]}`,
      ])
      expect(closed.domains.resources).toHaveLength(1)
      expect(closed.accounts.resources.map(({ externalId }) => externalId)).toEqual(
        open.resources.map(({ externalId }) => externalId),
      )
      expect((await bringAbout({ ...tenant, state: 'closed', domains: [] })).made).toEqual([])
      expect((await bringAbout(tenant)).accounts.resources).toEqual(open.resources)
    })

    it('is given nothing', async () => {
      const tenant = newTenant({ state: 'closed', members: [member('ada')] })
      expect((await bringAbout(tenant)).made).toEqual([])
    })
  })

  describe('a tenant that is purged', () => {
    it('leaves nothing, in the order that Stalwart asks for', async () => {
      const tenant = newTenant({ domains: [newName(), newName()], members: [member('ada')] })
      const [first, second] = tenant.domains
      await bringAbout(tenant)
      const purged = { ...tenant, state: 'purged' as const, domains: [], members: [] }
      const { made, domains, accounts } = await bringAbout(purged)
      expect(made.slice(0, 1)).toEqual([`delete account ada@${first}`])
      expect(made.slice(1).sort()).toEqual(
        [first, second].flatMap((name) => [`delete dkim ${name}`, `delete domain ${name}`]).sort(),
      )
      expect([domains.resources, accounts.resources]).toEqual([[], []])
      expect(await surveyOf(steps.domains, tenant.id)).toEqual([])
    })

    it('goes as well where its mailboxes go first', async () => {
      const tenant = newTenant({ members: [member('ada')] })
      await bringAbout(tenant)
      const purged = { ...tenant, state: 'purged' as const }
      const [domains, accounts] = await planBoth(purged)
      expect(summary(accounts)).toEqual([`delete account ada@${tenant.domains[0]}`])
      await applyPatiently(accounts, signal)
      // What was planned before is gone already, and that is no failure.
      await applyPatiently(domains, signal)
      expect((await bringAbout(purged)).made).toEqual([])
    })
  })

  describe('what is not ours', () => {
    it('is a domain of another tenant', async () => {
      const theirs = newTenant({ members: [member('ada')] })
      await bringAbout(theirs)
      const tenant = newTenant({ domains: theirs.domains, members: [member('ada')] })
      const { domains, accounts } = await bringAbout(tenant)
      expect(domains.changes).toMatchObject([
        {
          action: 'refuse',
          kind: 'domain',
          name: theirs.domains[0],
          reason: expect.stringContaining('another tenant'),
        },
      ])
      expect(accounts).toMatchObject({ resources: [], changes: [], notes: [expect.any(String)] })
      expect((await bringAbout(theirs)).made).toEqual([])
      expect((await bringAbout({ ...tenant, state: 'purged' })).made).toEqual([])
    })

    it('is a mailbox of somebody else in the tenant', async () => {
      const tenant = newTenant({ members: [member('ada')] })
      await bringAbout(tenant)
      const { accounts } = await bringAbout({ ...tenant, members: [member('ada')] })
      expect(accounts.changes).toMatchObject([
        { action: 'refuse', kind: 'account', reason: expect.stringContaining('somebody else') },
      ])
    })
  })

  describe('two writers at once', () => {
    it('end with one of everything', async () => {
      const tenant = newTenant({ members: [member('ada')] })
      for (const step of ['domains', 'accounts'] as const) {
        const plans = await Promise.all([1, 2].map(() => planners()[step].plan(tenant, known, signal)))
        const both = await Promise.allSettled(plans.map((plan) => applyPatiently(plan, signal)))
        for (const result of both)
          if (result.status === 'rejected') expect(result.reason).toMatchObject({ retryable: true })
      }
      const { domains, accounts } = await bringAbout(tenant)
      expect([domains.resources.length, accounts.resources.length]).toEqual([1, 1])
    })
  })

  describe('the records to publish', () => {
    const records = () => createStalwartRecords({ apiUrl: target.url, token: target.token })

    it('have mail, keys of both kinds and policies', async () => {
      const tenant = newTenant()
      const [name = ''] = tenant.domains
      await bringAbout(tenant)
      const found = await records().recordsOf(name, signal)
      expect(found).toEqual(expect.arrayContaining([expect.objectContaining({ type: 'MX', name })]))
      const keys = found.filter((it) => it.name.endsWith(`._domainkey.${name}`))
      expect(keys.map(({ value }) => /k=(\w+)/.exec(value)?.[1]).sort()).toEqual(['ed25519', 'rsa'])
      // Long texts are joined, and quotes are none of theirs.
      const rsa = keys.find(({ value }) => value.includes('k=rsa'))
      expect(rsa?.value).toMatch(/^v=DKIM1; k=rsa; h=sha256; p=[A-Za-z0-9+/]{360,}={0,2}$/)
      expect(found).toContainEqual({ type: 'TXT', name, value: expect.stringMatching(/^v=spf1 .*-all$/) })
    })

    it('are none of a domain that is not there', async () => {
      expect(await records().recordsOf(newName(), signal)).toEqual([])
    })
  })

  describe('how it is asked', () => {
    it.each(['', '/', '/api', '/api/', '/jmap', '/jmap/'])(
      'at its origin, followed by "%s"',
      async (ending) => {
        const apiUrl = new URL(target.url).origin + ending
        const [domains] = createStalwartPlanners({ apiUrl, token: target.token })
        expect(await domains?.plan(newTenant({ domains: [] }), known, signal)).toMatchObject({ changes: [] })
      },
    )

    it.each(['not-a-token-of-this-server', 'admin:not the password'])(
      'with what it knows, not %s',
      async (token) => {
        const [domains] = createStalwartPlanners({ apiUrl: target.url, token })
        const error = await domains?.plan(newTenant(), known, signal).catch((reason: unknown) => reason)
        expect(error).toBeInstanceOf(IntegrationError)
        expect(error).toMatchObject({ service: 'stalwart', kind: 'unauthorized' })
        expect(String(error)).not.toContain(token)
      },
    )
  })
})

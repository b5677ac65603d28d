import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { newId } from '#server/lib/ids'
import type { StepPlanner } from '#server/provisioning/step-planner.port'
import { createStalwartPlanners, type StalwartOptions } from './client'
import { startStalwartFake, type StalwartFake, type StalwartFakeOptions } from './fake'
import { bringAbout as bringAboutBy, known, member, newTenant, stampOf, type Tenant } from './fake-tenants'

const signal = new AbortController().signal
const failureOf = (work: Promise<unknown> | undefined) =>
  (work ?? Promise.resolve()).then(
    () => expect.fail('it did not fail'),
    (reason: unknown) => reason,
  )

let fake: StalwartFake
afterEach(async () => {
  await fake.stop()
  expect(fake.violations()).toEqual([])
})

function stepsOf(options: Partial<StalwartOptions> = {}): [StepPlanner, StepPlanner] {
  const [domains, accounts] = createStalwartPlanners({ apiUrl: fake.url, token: fake.token, ...options })
  if (!domains || !accounts) throw new Error('A step is missing')
  return [domains, accounts]
}
const bringAbout = (tenant: Tenant, options: Partial<StalwartOptions> = {}) =>
  bringAboutBy(stepsOf(options), tenant, signal)

const withoutIds = () => ({
  domains: fake.domains().map(({ id: _, ...domain }) => domain),
  accounts: fake.accounts().map(({ id: _, ...account }) => account),
})

describe.each(['jmap', 'rest'] as const)('over %s', (dialect) => {
  const start = async (options: StalwartFakeOptions = {}) => {
    fake = await startStalwartFake({ dialect, keysAfter: 1, ...options })
  }
  beforeEach(() => start())

  describe('a plan', () => {
    it('changes nothing, and asks by pages', async () => {
      const members = Array.from({ length: 1_000 }, (_, index) =>
        member(`m${String(index).padStart(4, '0')}`),
      )
      const tenant = newTenant({ members })
      fake.addDomain({ name: 'acme.example', description: stampOf(tenant) })
      for (const { mailbox, userId } of members)
        fake.addAccount({ email: `${mailbox}@acme.example`, stamp: `${stampOf(tenant)}:${userId}` })
      const before = withoutIds()
      const [, accounts] = stepsOf()
      const plan = await accounts.plan(tenant, known, signal)
      expect(plan.resources).toHaveLength(1_000)
      expect(plan.changes).toHaveLength(1_000)
      // Which of the two, the domain, ten pages.
      expect(fake.requests()).toBeLessThanOrEqual(15)
      expect(withoutIds()).toEqual(before)
    })

    it('tells what the mail in each mailbox takes', async () => {
      const tenant = newTenant({ members: [member('ada'), member('bob')] })
      await bringAbout(tenant)
      fake.changeAccount('ada@acme.example', { usedBytes: 5_000_000_000 })
      const [, accounts] = stepsOf()
      expect((await accounts.plan(tenant, known, signal)).uses).toEqual([
        { of: 'mailbox', name: 'ada@acme.example', usedBytes: 5_000_000_000 },
        { of: 'mailbox', name: 'bob@acme.example', usedBytes: 0 },
      ])
    })

    it('lists all pages in a survey, and what is ours alone', async () => {
      const tenant = newTenant()
      for (let index = 0; index < 250; index++) {
        const description = index % 5 === 0 ? 'Somebody’s' : `tenantry:${newId()}`
        fake.addDomain({ name: `d${index}.example`, description })
      }
      fake.addDomain({ name: 'acme.example', description: stampOf(tenant) })
      for (let index = 0; index < 250; index++) {
        const stamp = index % 5 === 0 ? {} : { stamp: `${stampOf(tenant)}:${newId()}` }
        fake.addAccount({ email: `m${index}@acme.example`, ...stamp })
      }
      const [domains, accounts] = stepsOf()
      await domains.survey?.(null, signal)
      for (const [step, total, pages] of [
        [domains, 201, 3],
        [accounts, 200, 3],
      ] as const) {
        const names = new Set<string>()
        const before = fake.requests()
        let cursor: string | null = null
        do {
          const page: Awaited<ReturnType<NonNullable<StepPlanner['survey']>>> | undefined =
            await step.survey?.(cursor, signal)
          page?.found.forEach(({ name }) => names.add(name))
          cursor = page?.next ?? null
        } while (cursor !== null)
        expect(names.size).toBe(total)
        expect(fake.requests() - before).toBe(pages)
      }
    })

    it('asks once which of the two it speaks to', async () => {
      const [domains, accounts] = stepsOf()
      for (const step of [domains, accounts, domains]) await step.plan(newTenant(), known, signal)
      expect(fake.calls().session).toBe(1)
    })

    it('says what it refuses, which is never made', async () => {
      const tenant = newTenant()
      fake.addDomain({ name: 'acme.example', description: 'Hands off' })
      const [domains, accounts] = stepsOf()
      const { changes } = await domains.plan(tenant, known, signal)
      expect(changes).toMatchObject([
        {
          action: 'refuse',
          reason: expect.stringContaining(`write ${stampOf(tenant)} into the description`),
        },
      ])
      await expect(changes[0]?.apply(signal)).rejects.toThrow('refused')
      expect((await accounts.plan(tenant, known, signal)).notes).toEqual([
        'Mailboxes are made once Stalwart has acme.example for the tenant.',
      ])
      expect((await domains.plan({ ...tenant, state: 'closed' }, known, signal)).changes).toEqual([])
    })
  })

  describe('what is there already', () => {
    it('is adopted by its stamp, whatever an operator writes around it', async () => {
      const tenant = newTenant()
      const [ada] = tenant.members
      fake.addDomain({ name: 'acme.example', description: `Acme, Inc. (${stampOf(tenant)}) since 2020` })
      fake.addAccount({ email: 'ada@acme.example', stamp: `${stampOf(tenant)}:${ada?.userId}` })
      const [{ id: domainId } = {}] = fake.domains()
      const [{ id: accountId } = {}] = fake.accounts()
      await bringAbout(tenant)
      expect(fake.domains()).toMatchObject([
        { id: domainId, description: expect.stringContaining('Acme, Inc.'), keys: ['ed25519', 'rsa'] },
      ])
      expect(fake.accounts()).toMatchObject([
        { id: accountId, description: 'Ada', quotaBytes: 1_000_000 },
        { email: 'bob@acme.example' },
      ])
    })

    it.each([
      ['of two tenants', `tenantry:${newId()} tenantry:${newId()}`],
      ['that is cut short', `tenantry:${newId().slice(0, -1)}`],
      ['that goes on', `tenantry:${newId()}-x`],
      ['in capitals', `TENANTRY:${newId().toUpperCase()}`],
    ])('is refused with a stamp %s', async (_what, description) => {
      const tenant = newTenant()
      fake.addDomain({ name: 'acme.example', description })
      expect(await bringAbout(tenant)).toEqual(['refuse domain acme.example'])
      expect(fake.domains()).toMatchObject([{ description, keys: [] }])
    })

    it('is a mailbox that nobody stamped, which is refused until it is handed over', async () => {
      const tenant = newTenant()
      fake.addDomain({ name: 'acme.example', description: stampOf(tenant) })
      fake.addAccount({ email: 'ada@acme.example', description: 'Another Ada' })
      expect(await bringAbout(tenant)).toEqual([
        'create dkim acme.example',
        'refuse account ada@acme.example',
        'create account bob@acme.example',
      ])
      expect(fake.accounts()[0]).toMatchObject({ description: 'Another Ada' })
      expect(await bringAbout({ ...tenant, state: 'closed' })).toEqual(['update account bob@acme.example'])
      expect(fake.accounts()[0]).toMatchObject({ canSignIn: true })
    })

    it('is an address of another mailbox, without which a mailbox is made', async () => {
      const tenant = newTenant({ domains: ['acme.example', 'acme.test'], members: [member('ada', 'Ada')] })
      fake.addDomain({ name: 'acme.test', description: stampOf(tenant) })
      fake.addAccount({ email: 'ada@acme.test' })
      expect(await bringAbout(tenant)).toContain('refuse alias ada@acme.test')
      expect(fake.accounts()).toMatchObject([
        { email: 'ada@acme.example', aliases: [] },
        { email: 'ada@acme.test' },
      ])
      fake.removeAccount('ada@acme.test')
      await bringAbout(tenant)
      expect(fake.accounts()).toMatchObject([{ email: 'ada@acme.example', aliases: ['ada@acme.test'] }])
    })

    it('stays where it is no account of ours, though the tenant is purged', async () => {
      const tenant = newTenant()
      await bringAbout(tenant)
      fake.addAccount({ email: 'info@acme.example' })
      const made = await bringAbout({ ...tenant, state: 'purged' })
      expect(made).toEqual([
        'delete account ada@acme.example',
        'delete account bob@acme.example',
        'refuse domain acme.example',
      ])
      expect(fake.accounts()).toMatchObject([{ email: 'info@acme.example' }])
      fake.removeAccount('info@acme.example')
      await bringAbout({ ...tenant, state: 'purged' })
      expect(fake.domains()).toEqual([])
    })
  })

  describe('a stranger who is quicker', () => {
    it('keeps their domain', async () => {
      const tenant = newTenant()
      const [domains] = stepsOf()
      const plan = await domains.plan(tenant, known, signal)
      fake.addDomain({ name: 'acme.example' })
      const error = await failureOf(plan.changes[0]?.apply(signal))
      expect(error).toMatchObject({ kind: 'conflict', retryable: false })
      expect(String(error)).toContain('Tenantry did not make it')
      expect(fake.domains()).toMatchObject([{ description: null }])
    })

    it('keeps their mailbox', async () => {
      const tenant = newTenant()
      const [domains, accounts] = stepsOf()
      for (const change of (await domains.plan(tenant, known, signal)).changes) await change.apply(signal)
      const plan = await accounts.plan(tenant, known, signal)
      fake.addAccount({ email: 'ada@acme.example', description: 'Another Ada' })
      const error = await failureOf(plan.changes[0]?.apply(signal))
      expect(error).toMatchObject({ kind: 'conflict', retryable: false })
      expect(String(error)).toContain('Tenantry did not make it')
      expect(fake.accounts()).toMatchObject([{ description: 'Another Ada' }])
    })

    it('keeps an address that is none of a mailbox of theirs', async () => {
      const tenant = newTenant({ members: [member('ada', 'Ada')] })
      const [domains, accounts] = stepsOf()
      for (const change of (await domains.plan(tenant, known, signal)).changes) await change.apply(signal)
      const plan = await accounts.plan(tenant, known, signal)
      fake.addAccount({ email: 'info@acme.example', aliases: ['ada@acme.example'] })
      const error = await failureOf(plan.changes[0]?.apply(signal))
      expect(error).toMatchObject({ kind: 'conflict', retryable: false })
      expect(fake.accounts()).toMatchObject([{ email: 'info@acme.example', aliases: ['ada@acme.example'] }])
    })

    it('takes a mailbox away, and it is made again', async () => {
      const tenant = newTenant()
      await bringAbout(tenant)
      const [, accounts] = stepsOf()
      const plan = await accounts.plan({ ...tenant, state: 'closed' }, known, signal)
      fake.removeAccount('ada@acme.example')
      expect(await failureOf(plan.changes[0]?.apply(signal))).toMatchObject({
        kind: 'rejected',
        retryable: true,
      })
      await bringAbout(tenant)
      expect(fake.accounts()).toHaveLength(2)
    })
  })

  describe('drift', () => {
    it('is found and repaired', async () => {
      const tenant = newTenant()
      await bringAbout(tenant)
      const right = withoutIds()
      fake.changeAccount('ada@acme.example', { canSignIn: false })
      fake.changeAccount('bob@acme.example', { description: 'Robert' })
      const [, accounts] = stepsOf()
      expect((await accounts.plan(tenant, known, signal)).changes).toMatchObject([
        { fields: { 'sign-in': { from: 'off', to: 'on' } } },
        { fields: { name: { from: 'Robert', to: 'Bob' } } },
      ])
      await bringAbout(tenant)
      expect(withoutIds()).toEqual(right)
    })

    it('of a closed tenant is somebody who was let in, whatever else is in the way', async () => {
      const tenant = newTenant({ members: [member('ada', 'Ada')], domains: ['acme.example', 'acme.test'] })
      await bringAbout(tenant)
      await bringAbout({ ...tenant, state: 'closed' })
      fake.changeAccount('ada@acme.example', { canSignIn: true })
      fake.addAccount({ email: 'stranger@acme.test' })
      // Their mailbox would move to an address that is taken.
      const moved = { ...tenant, domains: ['acme.test', 'acme.example'] }
      const members = tenant.members.map((it) => ({ ...it, mailbox: 'stranger' }))
      await bringAbout({ ...moved, members, state: 'closed' })
      expect(fake.accounts().map(({ email, canSignIn }) => [email, canSignIn])).toEqual([
        ['ada@acme.example', false],
        ['stranger@acme.test', true],
      ])
    })
  })

  it.each(['', 'Somebody’s'])(
    'closes and deletes mailboxes of ours where the domain is not: "%s"',
    async (description) => {
      const tenant = newTenant()
      const [ada] = tenant.members
      fake.addDomain({ name: 'acme.example', ...(description ? { description } : {}) })
      fake.addAccount({ email: 'ada@acme.example', stamp: `${stampOf(tenant)}:${ada?.userId}` })
      fake.addAccount({ email: 'eve@acme.example', stamp: `${stampOf(newTenant())}:${newId()}` })
      const [domains] = stepsOf()
      const closed = { ...tenant, state: 'closed' } as const
      expect((await domains.plan(closed, known, signal)).notes).toEqual([
        expect.stringContaining('did not make it'),
      ])
      expect(await bringAbout(closed)).toEqual(['update account ada@acme.example'])
      expect(fake.accounts().map(({ canSignIn }) => canSignIn)).toEqual([false, true])
      expect(await bringAbout({ ...tenant, state: 'purged' })).toEqual(['delete account ada@acme.example'])
      expect(fake.accounts()).toMatchObject([{ email: 'eve@acme.example' }])
      expect(fake.domains()).toHaveLength(1)
    },
  )

  describe('people who are kept in another directory', () => {
    it('get mailboxes without a password', async () => {
      await fake.stop()
      await start({ isExternal: true })
      await bringAbout(newTenant())
      expect(fake.accounts()).toMatchObject([{ hasPassword: false }, { hasPassword: false }])
    })
  })

  it('deals with names of single letters, and of 63', async () => {
    const domains = ['a.b.c', `${'x'.repeat(63)}.example`]
    const tenant = newTenant({ domains, members: [{ ...member('a'), name: ' ' }] })
    await bringAbout(tenant)
    expect(await bringAbout(tenant)).toEqual([])
    expect(fake.accounts()).toMatchObject([{ email: 'a@a.b.c', description: null }])
  })
})

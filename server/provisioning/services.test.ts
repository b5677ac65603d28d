import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { addMember, removeMember } from '#server/domain/members/members'
import { newId } from '#server/lib/ids'
import type { Database } from '#server/storage/database'
import { createLocalSignals } from '#server/storage/signals-local'
import { describeEachDatabase } from '../../tests/harness/databases'
import { createLatch, createWorkshop, silent } from '../../tests/harness/provisioning'
import { startServices, type Services } from '../../tests/harness/all-services'
import type { StepPlanner } from './step-planner.port'
import { stepKey, tenantSteps } from './steps'

/** For a machine that is busy with something else. */
const patiently = { interval: 5, timeout: 25_000 }
const minute = 60_000
const hour = 60 * minute
/** Those that the fakes take part in. */
const steps = tenantSteps.filter(({ service }) => service !== 'mail').map(stepKey)

describeEachDatabase('with all services', (given) => {
  const shop = createWorkshop(given)
  let services: Services
  let another: Database
  beforeAll(async () => {
    services = await startServices()
    another = await given.openAnother()
  })
  afterEach(() => services.reset())
  afterAll(async () => expect(await services.stop()).toEqual([]))

  const asWorkers = (planners: readonly StepPlanner[] = services.planners()) =>
    planners.map((planner) => ({ planner }))
  /** With two members, ada and bob, and a domain. */
  async function newTenant() {
    const { id, slug } = await shop.createTenant()
    const people = await shop.addPeople(id, ['ada', 'bob'])
    await shop.addDomains(id, ['acme.example'])
    return { id, slug, people, scope: await shop.scopeOf(slug) }
  }
  const whole = (slug: string) => ({
    groups: [slug],
    insiders: ['ada@example.org', 'bob@example.org'],
    domains: ['acme.example'],
    mailboxes: ['ada@acme.example', 'bob@acme.example'],
    closedMailboxes: [],
    spaces: ['Acme'],
    guests: ['ada@example.org', 'bob@example.org'],
  })
  const settled = (id: string) =>
    vi.waitFor(async () => {
      const { runs, leaseUntil, steps: all } = await shop.state(id)
      const shown = all.map((step) => `${stepKey(step)} ${step.status} ${step.error ?? ''}`)
      expect(runs.every(({ ended }) => ended) && leaseUntil === null, shown.join('\n')).toBe(true)
    }, patiently)
  const stepOf = async (id: string, key: string) =>
    (await shop.state(id)).steps.find((step) => stepKey(step) === key)

  it('two replicas are asked for one tenant twenty times at once, and make everything once', async () => {
    const { id, slug, scope } = await newTenant()
    const own = () => ({ signals: createLocalSignals(silent), pollMs: 10 })
    shop.start(asWorkers(), own())
    shop.start(asWorkers(), { ...own(), database: another })
    await Promise.all(Array.from({ length: 20 }, () => shop.reconcile(scope)))
    await settled(id)
    expect(services.holdings(slug)).toEqual(whole(slug))
    const { activations, runs } = await shop.state(id)
    expect([activations, runs.filter(({ status }) => status !== 'done')]).toEqual([1, []])
    expect(services.authentik.users()).toHaveLength(2)
    expect(services.ocis.users()).toHaveLength(2)
  })

  describe('a member comes and another goes', () => {
    it.each(steps)(
      'while %s has planned and not made it yet: nobody is doubled or keeps access',
      async (key) => {
        const { id, slug, scope, people } = await newTenant()
        await given.database.client.user.create({
          data: {
            ...{ id: newId(), email: 'cyd@example.org', emailVerified: true },
            ...{ name: 'cyd', nameKey: 'cyd' },
            ...{ createdAt: shop.clock.now(), updatedAt: shop.clock.now() },
          },
        })
        const planned = createLatch()
        const changed = createLatch()
        const planners = services.planners().map((planner) => {
          if (stepKey(planner) !== key) return planner
          const plan: StepPlanner['plan'] = async (...input) => {
            const made = await planner.plan(...input)
            planned.open()
            await changed.opened
            return made
          }
          return { ...planner, plan }
        })
        shop.start(asWorkers(planners))
        await planned.opened
        await addMember(scope, { email: 'cyd@example.org', role: 'member' })
        await removeMember(scope, people[1] ?? '')
        changed.open()
        await settled(id)
        const held = services.holdings(slug)
        expect(held).toMatchObject({
          groups: [slug],
          insiders: ['ada@example.org', 'cyd@example.org'],
          mailboxes: ['ada@acme.example', 'cyd@acme.example'],
          spaces: ['Acme'],
          guests: ['ada@example.org', 'cyd@example.org'],
        })
        expect(['', 'bob@acme.example']).toContain(held.closedMailboxes.join())
        expect(services.authentik.users().length).toBeLessThanOrEqual(3)
        const receipts = await scope.stores.receipts.list({ limit: 10 })
        expect(receipts.items).toMatchObject([{ name: 'bob', completedAt: expect.any(Date) as Date }])
      },
    )
  })

  describe('somebody else has at a service', () => {
    it('the group of that name: it is left alone, the others go on, and it is taken up once it is free', async () => {
      const { id, slug, scope } = await newTenant()
      const group = services.authentik.addGroup({ name: slug, attributes: { note: 'Hands off' } })
      shop.start(asWorkers())
      await settled(id)
      const refused = await stepOf(id, 'authentik/group')
      expect(refused).toMatchObject({ status: 'error', attempt: 1, nextAttemptAt: null })
      expect(refused?.error).toContain('that Tenantry did not make')
      expect(await stepOf(id, 'stalwart/accounts')).toMatchObject({ status: 'ok' })
      expect(await stepOf(id, 'authentik/members')).toMatchObject({ status: 'pending', attempt: 0 })
      expect(services.authentik.groups()).toEqual([group])
      expect(services.authentik.users()).toEqual([])

      services.authentik.removeGroup(group.pk)
      await shop.reconcile(scope)
      await shop.reached(id, 'active')
      await settled(id)
      expect(services.holdings(slug)).toEqual(whole(slug))
    })

    it('the domain: no mailbox is made on it, and the others go on', async () => {
      services.stalwart.addDomain({ name: 'acme.example', description: 'tenantry:somebody-else' })
      const before = services.stalwart.domains()
      const { id } = await newTenant()
      shop.start(asWorkers())
      await settled(id)
      const refused = await stepOf(id, 'stalwart/domains')
      expect(refused).toMatchObject({ status: 'error', attempt: 1, nextAttemptAt: null })
      expect(await stepOf(id, 'stalwart/accounts')).toMatchObject({ status: 'pending', attempt: 0 })
      expect(await stepOf(id, 'ocis/members')).toMatchObject({ status: 'ok' })
      expect(services.stalwart.domains()).toEqual(before)
      expect(services.stalwart.accounts()).toEqual([])
    })
  })

  it('a token turns invalid in the middle: what is left waits for it, and goes on by itself', async () => {
    const { id, slug } = await newTenant()
    const refuse = { kind: 'answer', times: 'always' } as const
    const planners = services.planners().map((planner) => {
      if (planner.step === 'space') return planner
      const plan: StepPlanner['plan'] = async (...input) => {
        if (planner.step === 'members' && planner.service === 'authentik')
          services.authentik.faults.add({ ...refuse, status: 403, body: { detail: 'Token invalid/expired' } })
        if (planner.step === 'accounts')
          services.stalwart.faults.add({ ...refuse, status: 401, body: { type: 'about:blank', status: 401 } })
        return planner.plan(...input)
      }
      return { ...planner, plan }
    })
    const worker = shop.start(asWorkers(planners))
    await settled(id)
    for (const key of ['authentik/members', 'stalwart/accounts']) {
      const step = await stepOf(id, key)
      expect(step).toMatchObject({ status: 'error', nextAttemptAt: expect.any(Date) as Date })
      expect(step?.error).not.toContain(services.authentik.token)
      expect(step?.error).not.toContain(services.stalwart.token)
    }
    expect((await shop.state(id)).status).toBe('pending')
    await worker.stop()

    services.authentik.faults.clear()
    services.stalwart.faults.clear()
    const next = shop.start(asWorkers())
    shop.clock.advance(5 * minute)
    next.look()
    await shop.reached(id, 'active')
    await settled(id)
    expect(services.holdings(slug)).toEqual(whole(slug))
  })

  it('a service is down for five minutes: nothing is made twice when it is back', async () => {
    services.ocis.faults.add({ kind: 'drop', when: 'after', times: 1, operation: 'CreateDrive' })
    const { id, slug } = await newTenant()
    const worker = shop.start(asWorkers(), { leaseMs: hour })
    const stands = async (key: string, status: string) =>
      expect(await stepOf(id, key)).toMatchObject({ status })
    const letPass = async (milliseconds: number) => {
      await settled(id)
      shop.clock.advance(milliseconds)
      worker.look()
    }
    await vi.waitFor(() => stands('ocis/space', 'error'), patiently)
    expect(services.ocis.calls().CreateDrive).toBe(1)
    services.ocis.faults.add({ kind: 'drop', times: 'always' })
    for (let passed = 0; passed < 5 * minute; passed += 30_000) await letPass(30_000)
    await vi.waitFor(async () => {
      await letPass(30_000)
      await stands('ocis/space', 'error')
      await stands('stalwart/accounts', 'ok')
    }, patiently)
    services.ocis.faults.clear()
    await vi.waitFor(async () => {
      await letPass(minute)
      expect((await shop.state(id)).status).toBe('active')
    }, patiently)
    await settled(id)
    expect(services.holdings(slug)).toEqual(whole(slug))
  })

  it('the clock jumps back and forth at every look at a service, and everything is made once', async () => {
    const { id, slug } = await newTenant()
    const jumps = [hour, -hour, 3 * hour, -3 * hour, -hour, hour, 24 * hour, -24 * hour]
    const planners = services.planners().map((planner) => ({
      ...planner,
      plan: (...input: Parameters<StepPlanner['plan']>) => {
        shop.clock.advance(jumps.shift() ?? 0)
        return planner.plan(...input)
      },
    }))
    shop.start(asWorkers(planners), { pollMs: 20, renewMs: 5 })
    await shop.reached(id, 'active')
    await settled(id)
    expect(jumps).toEqual([])
    expect(services.holdings(slug)).toEqual(whole(slug))
    expect((await shop.state(id)).activations).toBe(1)
  })
})

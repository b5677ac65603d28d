import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { resumeTenant, suspendTenant } from '#server/domain/tenants/tenants'
import { removeMember } from '#server/domain/members/members'
import type { DatabaseUnderTest } from '../../tests/harness/databases'
import { describeEachDatabase } from '../../tests/harness/databases'
import { createWorkshop, eventually } from '../../tests/harness/provisioning'
import { startServices, type Services } from '../../tests/harness/all-services'
import { createGates } from './gates'
import { getPlan, type PlanMeans } from './plan'
import { reconcile } from './provisioning'
import { stepKey } from './steps'

/** A tenant with two members and two domains, about which nothing was done yet. */
describeEachDatabase('a plan that was approved', (given: DatabaseUnderTest) => {
  const shop = createWorkshop(given)
  let services: Services
  beforeAll(async () => {
    services = await startServices()
  })
  afterEach(() => services.reset())
  afterAll(async () => expect(await services.stop()).toEqual([]))

  const asWorkers = () => services.planners().map((planner) => ({ planner }))
  const means = (): PlanMeans => ({
    planners: services.planners(),
    gate: createGates({ clock: shop.clock, concurrency: 10, random: () => 0 }),
  })
  async function newTenant() {
    const { id, slug } = await shop.createTenant()
    await shop.addPeople(id, ['ada', 'bob'])
    await shop.addDomains(id, ['acme.example', 'acme.test'])
    return { id, slug, scope: await shop.scopeOf(slug) }
  }
  const approve = async (scope: Awaited<ReturnType<typeof newTenant>>['scope']) => {
    const plan = await getPlan(scope, means())
    await reconcile(scope, means(), { planHash: plan.hash })
    return plan
  }
  const stepsOf = async (id: string) =>
    (await shop.state(id)).steps.map((step) => [stepKey(step), step.status])
  const ended = (id: string) =>
    eventually(async () => expect((await shop.state(id)).runs.every((run) => run.ended)).toBe(true))

  it('for a tenant of which nothing is there yet, runs through: what was shown is what is made', async () => {
    const { id, slug, scope } = await newTenant()
    const { services: shown } = await approve(scope)
    shop.start(asWorkers())
    await ended(id)
    const steps = await stepsOf(id)
    expect(steps.filter(([, status]) => status !== 'ok')).toEqual([['mail/onboarding', 'skipped']])
    const names = (service: string) =>
      shown.find((one) => one.service === service)?.changes.map((it) => `${it.action} ${it.kind} ${it.name}`)
    expect(names('stalwart')).toEqual([
      ...['create domain acme.example', 'create domain acme.test'],
      ...['create dkim acme.example', 'create dkim acme.test'],
      ...['create account ada@acme.example', 'create account bob@acme.example'],
    ])
    expect(names('authentik')).toEqual([
      `create group ${slug}`,
      'create member ada@example.org',
      'create member bob@example.org',
    ])
    expect(services.holdings(slug)).toMatchObject({
      groups: [slug],
      insiders: ['ada@example.org', 'bob@example.org'],
      mailboxes: ['ada@acme.example', 'bob@acme.example'],
      guests: ['ada@example.org', 'bob@example.org'],
    })
    expect(services.stalwart.accounts().map(({ aliases }) => aliases)).toEqual([
      ['ada@acme.test'],
      ['bob@acme.test'],
    ])
    const after = await getPlan(scope, means())
    expect(after.services.flatMap(({ changes }) => changes)).toEqual([])
  })

  it('shows the mailboxes that move with a domain that comes first, and moves them', async () => {
    const { id, scope } = await newTenant()
    const worker = shop.start(asWorkers())
    await shop.reached(id, 'active')
    await worker.stop()
    await given.database.client.domain.deleteMany({ where: { tenantId: id, name: 'acme.example' } })
    await shop.addDomains(id, ['new.example'])
    const { services: shown } = await approve(scope)
    expect(shown.find(({ service }) => service === 'stalwart')?.changes).toContainEqual({
      action: 'update',
      kind: 'account',
      name: 'ada@acme.example',
      fields: {
        address: { from: 'ada@acme.example', to: 'ada@acme.test' },
        aliases: { from: null, to: 'ada@new.example' },
      },
    })
    shop.start(asWorkers())
    await ended(id)
    expect((await stepsOf(id)).every(([, status]) => status === 'ok' || status === 'skipped')).toBe(true)
    expect(services.stalwart.accounts().map(({ email }) => email)).toEqual(['ada@acme.test', 'bob@acme.test'])
  })

  it('of a tenant that is resumed holds for what its space shows only once it is open', async () => {
    const { id, scope } = await newTenant()
    const worker = shop.start(asWorkers())
    await shop.reached(id, 'active')
    await suspendTenant(scope)
    worker.look()
    await ended(id)
    await worker.stop()
    await given.database.client.membership.deleteMany({ where: { tenantId: id, mailbox: 'bob' } })
    await shop.addPeople(id, ['carol'])
    services.ocis.addUser({ mail: 'carol@example.org' })
    await resumeTenant(await shop.scopeOf(scope.tenant.slug))
    const { services: shown } = await approve(await shop.scopeOf(scope.tenant.slug))
    const ocis = shown.find(({ service }) => service === 'ocis')
    expect(ocis?.changes.map(({ kind }) => kind)).toEqual(['space'])
    expect(ocis?.notes.join()).toContain('seen once it is open')
    shop.start(asWorkers())
    await ended(id)
    expect((await stepsOf(id)).filter(([, status]) => status !== 'ok')).toEqual([
      ['mail/onboarding', 'skipped'],
    ])
    expect(services.holdings(scope.tenant.slug).guests).toEqual(['ada@example.org', 'carol@example.org'])
  })

  it('holds for nothing that came since: such a step is refused as stale, and the others are made', async () => {
    const { id, scope } = await newTenant()
    await approve(scope)
    services.ocis.addDrive({ name: 'Acme', description: `[tenantry:space:${id}]`, total: 1 })
    shop.start(asWorkers())
    await ended(id)
    const { steps } = await shop.state(id)
    const space = steps.find((step) => stepKey(step) === 'ocis/space')
    expect(space).toMatchObject({ status: 'error', nextAttemptAt: null })
    expect(space?.error).toContain('no longer')
    expect(services.ocis.drives()).toMatchObject([{ total: 1 }])
    expect(await stepsOf(id)).toContainEqual(['stalwart/accounts', 'ok'])
    expect(await stepsOf(id)).toContainEqual(['ocis/members', 'pending'])
  })

  it('is refused where somebody left while it was planned: nothing may hold up that they lose their access', async () => {
    const { id, scope } = await newTenant()
    const { hash } = await getPlan(scope, means())
    const [, bob] = await given.database.client.membership.findMany({
      where: { tenantId: id },
      orderBy: { id: 'asc' },
    })
    let isFirst = true
    const planners = services.planners().map((planner) => ({
      ...planner,
      async plan(...input: Parameters<typeof planner.plan>) {
        if (isFirst) {
          isFirst = false
          await removeMember(scope, bob?.userId ?? '')
        }
        return planner.plan(...input)
      },
    }))
    await expect(reconcile(scope, { ...means(), planners }, { planHash: hash })).rejects.toMatchObject({
      code: 'plan.stale',
    })
    shop.start(asWorkers())
    await shop.reached(id, 'active')
    expect(services.stalwart.accounts().map(({ email }) => email)).toEqual(['ada@acme.example'])
  })

  describe('and failed on the way', () => {
    it('is still what the retry is held to, which nobody asked for', async () => {
      const { id, scope } = await newTenant()
      await approve(scope)
      services.ocis.faults.add({ kind: 'answer', status: 503, operation: 'CreateDrive' })
      const worker = shop.start(asWorkers())
      await ended(id)
      services.ocis.addDrive({ name: 'Acme', description: `[tenantry:space:${id}]`, total: 1 })
      shop.clock.advance(10_000)
      worker.look()
      await eventually(async () =>
        expect((await shop.state(id)).runs.at(-1)).toMatchObject({ cause: 'retry', ended: true }),
      )
      const { steps } = await shop.state(id)
      expect(steps.find((step) => stepKey(step) === 'ocis/space')?.error).toContain('no longer')
      expect(services.ocis.drives()).toMatchObject([{ total: 1 }])

      // Whoever asks without a plan has whatever is to be done made.
      await shop.reconcile(scope)
      await shop.reached(id, 'active')
    })
  })
})

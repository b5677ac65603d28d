import { afterEach, beforeEach, expect, it } from 'vitest'
import { AppError } from '#server/lib/errors'
import { addMember, removeMember } from '#server/domain/members/members'
import { changePlan } from '#server/domain/subscriptions/subscriptions'
import { deleteTenant, restoreTenant, resumeTenant, suspendTenant } from '#server/domain/tenants/tenants'
import { createAuthentikPlanners } from '#server/integrations/authentik/client'
import { startAuthentikFake, type AuthentikFake } from '#server/integrations/authentik/fake'
import { createOcisPlanners } from '#server/integrations/ocis/client'
import { startOcisFake, type OcisFake } from '#server/integrations/ocis/fake'
import { createStalwartPlanners } from '#server/integrations/stalwart/client'
import { startStalwartFake, type StalwartFake } from '#server/integrations/stalwart/fake'
import { newId } from '#server/lib/ids'
import { askedChannel } from '#server/provisioning/channels'
import { createGates } from '#server/provisioning/gates'
import { purgeOverdue } from '#server/provisioning/purge'
import { listReceipts } from '#server/provisioning/receipts'
import type { StepPlanner } from '#server/provisioning/step-planner.port'
import { readUsage } from '#server/provisioning/usage'
import { describeEachDatabase } from '../harness/databases'
import { createWorkshop, eventually, silent } from '../harness/provisioning'

const graceSeconds = 3600
const gibibyte = 1024 ** 3

describeEachDatabase('a tenant at Authentik, Stalwart and OCIS at once', (given) => {
  const shop = createWorkshop(given)
  let authentik: AuthentikFake
  let stalwart: StalwartFake
  let ocis: OcisFake
  let planners: StepPlanner[]

  beforeEach(async () => {
    authentik = await startAuthentikFake()
    stalwart = await startStalwartFake({ dialect: 'jmap', keysAfter: 1 })
    ocis = await startOcisFake()
    planners = [
      ...createAuthentikPlanners({ apiUrl: authentik.url, token: authentik.token }),
      ...createStalwartPlanners({ apiUrl: stalwart.url, token: stalwart.token }),
      ...createOcisPlanners({ apiUrl: ocis.url, auth: { appToken: ocis.credentials.appToken } }),
    ]
  })
  afterEach(async () => {
    await Promise.all([authentik.stop(), stalwart.stop(), ocis.stop()])
    expect([...authentik.violations(), ...stalwart.violations(), ...ocis.violations()]).toEqual([])
  })

  const start = () => shop.start(planners.map((planner) => ({ planner })))
  const purge = () =>
    purgeOverdue({
      scopes: shop.scopes(),
      log: silent,
      vault: { removeVault: () => Promise.reject(new Error('There are no secrets')) },
    })
  const row = (id: string) => given.database.client.tenant.findUnique({ where: { id } })
  const lastRun = async (id: string) => {
    const run = (await shop.state(id)).runs.at(-1)
    return run && `${run.cause} ${run.status}`
  }
  const ended = (id: string, words: string) =>
    eventually(async () =>
      expect([
        await lastRun(id),
        (await shop.state(id)).steps.map(({ error }) => error).filter(Boolean),
      ]).toEqual([words, []]),
    )

  /** A tenant with a verified domain and two members who have accounts and mailboxes, everything set up. */
  async function setUp() {
    const now = shop.clock.now()
    const { client } = given.database
    const tenant = await shop.createTenant()
    const domain = `${tenant.slug}.example`
    const scope = await shop.scopeOf(tenant.slug)
    await client.domain.create({
      data: {
        ...{ id: newId(), tenantId: tenant.id, name: domain, challenge: 'x', verifiedName: domain },
        ...{ verifiedAt: now, createdAt: now, updatedAt: now },
      },
    })
    const people: string[] = []
    for (const name of ['ada', 'bob']) {
      const email = `${name}@${domain}`
      const user = await client.user.create({
        data: {
          ...{ id: newId(), email, emailVerified: true, name, nameKey: name },
          createdAt: now,
          updatedAt: now,
        },
      })
      await addMember(scope, { email, role: name === 'ada' ? 'owner' : 'member' })
      await client.membership.updateMany({ where: { userId: user.id }, data: { mailbox: name } })
      ocis.addUser({ mail: email })
      people.push(user.id)
    }
    start()
    await shop.reached(tenant.id, 'active')
    await ended(tenant.id, 'changed done')
    expect(stalwart.accounts().map(({ canSignIn }) => canSignIn)).toEqual([true, true])
    expect(ocis.drives()).toMatchObject([{ isDisabled: false, total: 10 * gibibyte }])
    return { ...tenant, scope, ada: people[0] ?? '', bob: people[1] ?? '' }
  }

  it('is suspended, resumed, deleted, restored, deleted again and purged, with a service away in the middle', async () => {
    const { id, slug, scope } = await setUp()
    const [space] = ocis.drives()

    await suspendTenant(scope)
    await ended(id, 'suspended done')
    expect(authentik.groups()).toMatchObject([{ name: slug, users: [] }])
    expect(stalwart.accounts().map(({ canSignIn }) => canSignIn)).toEqual([false, false])
    expect(ocis.drives()).toMatchObject([{ id: space?.id, isDisabled: true }])

    await resumeTenant(scope)
    await shop.reached(id, 'active')
    expect(authentik.groups()[0]?.users).toHaveLength(2)
    expect(stalwart.accounts().map(({ canSignIn }) => canSignIn)).toEqual([true, true])
    expect(ocis.drives()).toMatchObject([{ id: space?.id, isDisabled: false }])

    await deleteTenant(scope, graceSeconds)
    await ended(id, 'deleted done')
    expect(ocis.drives()).toMatchObject([{ isDisabled: true }])
    await restoreTenant(scope)
    await shop.reached(id, 'active')
    await deleteTenant(scope, graceSeconds)
    await ended(id, 'deleted done')

    ocis.faults.add({ kind: 'answer', status: 503, operation: 'DeleteDrive' })
    shop.clock.advance(graceSeconds * 1000)
    expect(await purge()).toBe(1)
    await eventually(async () => {
      const state = await shop.state(id)
      expect(state.steps.find(({ step }) => step === 'space')).toMatchObject({ status: 'error' })
      expect(state.status).toBe('deleting')
    })
    // Less than a lease, more than the first delay.
    shop.clock.advance(5_000)
    shop.signals.publish(askedChannel, id)
    await eventually(async () => expect(await row(id)).toBeNull())
    expect([authentik.groups(), stalwart.domains(), stalwart.accounts(), ocis.drives()]).toEqual([
      [],
      [],
      [],
      [],
    ])
    expect(await given.database.client.provisionedResource.count({ where: { tenantId: id } })).toBe(0)
    expect(await shop.scopes().platform('test').stores.tenants.slugTaken(slug)).toBe(false)
  })

  it('gives a receipt of what was read after somebody was removed', async () => {
    const { id, slug, scope, bob } = await setUp()
    await removeMember(scope, bob)
    await eventually(async () => {
      const [receipt] = (await listReceipts(scope, { limit: 10 })).items
      expect(receipt?.completedAt).not.toBeNull()
    })
    const { items } = await listReceipts(scope, { limit: 10 })
    expect(items).toHaveLength(1)
    expect(items[0]).toMatchObject({ userId: bob, name: 'bob' })
    const found = items[0]?.entries.map(({ service, step, found: words }) => `${service}/${step} ${words}`)
    expect(found?.sort()).toEqual([
      `authentik/members bob is not in the group ${slug}; 1 person is.`,
      'ocis/members bob is not in the space; 1 person is, who is a member.',
      expect.stringMatching(/^stalwart\/accounts bob@.*: sign-in off, mail kept\.$/),
    ])
    expect(stalwart.accounts().find(({ email }) => email.startsWith('bob'))?.canSignIn).toBe(false)
    await ended(id, 'changed done')
  })

  it('keeps a receipt open while a service is away, and drops it where the person comes back', async () => {
    const { scope, bob } = await setUp()
    stalwart.faults.add({ kind: 'answer', status: 503, times: 'always' })
    await removeMember(scope, bob)
    await eventually(async () => {
      const [receipt] = (await listReceipts(scope, { limit: 10 })).items
      expect(receipt?.entries.map(({ service }) => service)).toEqual(['authentik', 'ocis'])
      expect(receipt?.completedAt).toBeNull()
    })
    const user = await given.database.client.user.findUniqueOrThrow({ where: { id: bob } })
    await addMember(scope, { email: user.email ?? '', role: 'member' })
    expect((await listReceipts(scope, { limit: 10 })).items).toEqual([])
  })

  it('gets the quotas of its plan everywhere, and keeps the plan that holds what is stored', async () => {
    const { id, scope } = await setUp()
    const gate = createGates({ clock: shop.clock, concurrency: 10, random: () => 0 })
    const usage = () => readUsage(scope, { planners, gate })
    const change = (plan: 'mvp' | 'pro') =>
      changePlan(scope, usage, { plan }).then(
        () => 'done',
        (error: unknown) => (error instanceof AppError ? [error.code, error.detail] : error),
      )
    expect(await change('pro')).toBe('done')
    await ended(id, 'changed done')
    expect(ocis.drives()).toMatchObject([{ total: 500 * gibibyte }])
    expect(stalwart.accounts().map(({ quotaBytes }) => quotaBytes)).toEqual(
      [20, 20].map((it) => it * gibibyte),
    )

    const [space] = ocis.drives()
    ocis.changeDrive(space?.id ?? '', { used: 11 * gibibyte })
    expect(await change('mvp')).toEqual([
      'subscription.does_not_fit',
      'The files of Acme take 11 GiB, and MVP has 10 GiB.',
    ])
    const [ada, bob] = stalwart.accounts().map(({ email }) => email)
    stalwart.changeAccount(ada ?? '', { usedBytes: 3 * gibibyte })
    stalwart.changeAccount(bob ?? '', { usedBytes: 2 * gibibyte })
    expect(await change('mvp')).toEqual([
      'subscription.does_not_fit',
      'The files of Acme take 11 GiB, and MVP has 10 GiB. ' +
        `The mailbox ${ada} takes 3 GiB, and MVP has 2 GiB for each.`,
    ])
    ocis.changeDrive(space?.id ?? '', { used: 0 })
    stalwart.changeAccount(ada ?? '', { usedBytes: 0 })
    ocis.faults.add({ kind: 'answer', status: 503, times: 'always' })
    expect(await change('mvp')).toEqual(['subscription.usage_unknown', expect.stringContaining('OCIS')])
    ocis.faults.clear()
    expect(await change('mvp')).toBe('done')
    await ended(id, 'changed done')
    expect(ocis.drives()).toMatchObject([{ total: 10 * gibibyte }])
  })
})

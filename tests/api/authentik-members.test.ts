import { afterEach, beforeEach, expect, it } from 'vitest'
import { addMember, removeMember } from '#server/domain/members/members'
import { createAuthentikPlanners } from '#server/integrations/authentik/client'
import { startAuthentikFake, type AuthentikFake } from '#server/integrations/authentik/fake'
import { newId } from '#server/lib/ids'
import { listReceipts } from '#server/provisioning/receipts'
import { describeEachDatabase } from '../harness/databases'
import { createLatch, createWorkshop, eventually } from '../harness/provisioning'

/** SQLite has one process. */
const replicas = { sqlite: 1, postgresql: 3 }

describeEachDatabase('people of several tenants at Authentik', (given) => {
  const shop = createWorkshop(given)
  let fake: AuthentikFake
  beforeEach(async () => {
    fake = await startAuthentikFake()
    // Long enough that every worker has read before the first one writes.
    for (const operation of ['core_users_partial_update', 'core_groups_partial_update'] as const)
      fake.faults.add({ kind: 'delay', ms: 50, operation, times: 'always' })
  })
  afterEach(async () => {
    await fake.stop()
    expect(fake.violations()).toEqual([])
  })

  const planners = () =>
    createAuthentikPlanners({ apiUrl: fake.url, token: fake.token }).map((planner) => ({ planner }))

  /** The slugs of the groups that somebody is in. */
  const groupsOf = (email: string) => {
    const pks = fake.users().flatMap((user) => (user.email === email ? [user.pk] : []))
    return fake.groups().flatMap(({ name, users }) => (users.some((pk) => pks.includes(pk)) ? [name] : []))
  }

  async function createPerson(name: string) {
    const now = shop.clock.now()
    const email = `${name}@example.org`
    const data = {
      ...{ id: newId(), email, emailVerified: true, name, nameKey: name },
      createdAt: now,
      updatedAt: now,
    }
    return given.database.client.user.create({ data })
  }

  /** Waits until everything that was asked for is done. */
  const settled = () =>
    eventually(async () => {
      const open = await given.database.client.provisioningRun.findMany({ where: { status: 'running' } })
      const errors = await given.database.client.provisioningStep.findMany({
        where: { error: { not: null } },
      })
      expect([open.map(({ cause }) => cause), errors.map(({ error }) => error)]).toEqual([[], []])
    })

  it('are worked on side by side, and leave what they are removed from', async () => {
    const ada = await createPerson('ada')
    const tenants = []
    for (let count = 0; count < 6; count++) tenants.push(await shop.createTenant())
    for (let count = 0; count < replicas[given.provider]; count++) shop.start(planners())
    for (const { id } of tenants) await shop.reached(id, 'active')
    await settled()
    const scopes = await Promise.all(tenants.map(({ slug }) => shop.scopeOf(slug)))
    await Promise.all(scopes.map((scope) => addMember(scope, { email: 'ada@example.org', role: 'member' })))
    await settled()
    expect(groupsOf('ada@example.org')).toEqual(tenants.map(({ slug }) => slug).sort())
    expect(fake.users()).toHaveLength(1)

    await Promise.all(scopes.slice(0, 3).map((scope) => removeMember(scope, ada.id)))
    await settled()
    const stay = tenants.slice(3).map(({ slug }) => slug)
    expect(groupsOf('ada@example.org')).toEqual(stay.sort())
  })

  it('are taken out of what they were removed from while Authentik was not configured', async () => {
    const ada = await createPerson('ada')
    const tenant = await shop.createTenant()
    const scope = await shop.scopeOf(tenant.slug)
    const receipt = async () => (await listReceipts(scope, { limit: 10 })).items[0]
    await addMember(scope, { email: 'ada@example.org', role: 'member' })
    const first = shop.start(planners())
    await shop.reached(tenant.id, 'active')
    await settled()
    await first.stop(0)

    const without = shop.start([])
    await removeMember(scope, ada.id)
    await settled()
    await without.stop(0)
    expect(groupsOf('ada@example.org')).toEqual([tenant.slug])
    expect(await receipt()).toMatchObject({ userId: ada.id, completedAt: null, entries: [] })

    shop.start(planners())
    await eventually(async () => expect((await receipt())?.completedAt).not.toBeNull())
    expect(groupsOf('ada@example.org')).toEqual([])
    expect((await receipt())?.entries).toMatchObject([
      { found: `ada is not in the group ${tenant.slug}; no people are.` },
    ])
  })

  it('are not let in by a worker that stood still until its successor had taken them out', async () => {
    const ada = await createPerson('ada')
    const tenant = await shop.createTenant()
    const scope = await shop.scopeOf(tenant.slug)
    await addMember(scope, { email: 'ada@example.org', role: 'member' })
    const planned = createLatch()
    const goOn = createLatch()
    const standingStill = planners().map(({ planner }) => ({
      planner: {
        ...planner,
        async plan(...given: Parameters<typeof planner.plan>) {
          const found = await planner.plan(...given)
          if (planner.step === 'members') {
            planned.open()
            await goOn.opened
          }
          return found
        },
      },
    }))
    // It neither renews its lease nor notices by itself that it is over.
    const late = shop.start(standingStill, { renewMs: 3_600_000 })
    await planned.opened
    shop.clock.advance(60_000)
    await removeMember(scope, ada.id)
    shop.start(planners())
    await settled()
    expect((await listReceipts(scope, { limit: 1 })).items[0]?.completedAt).not.toBeNull()
    goOn.open()
    await late.stop()
    expect(groupsOf('ada@example.org')).toEqual([])
    expect(fake.users()).toEqual([])
  })
})

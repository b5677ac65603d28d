import { beforeEach, expect, it } from 'vitest'
import { describeEachDatabase } from '../../../tests/harness/databases'
import { createService, createWorkshop, eventually, silent } from '../../../tests/harness/provisioning'
import { createGates } from '../gates'
import type { StepPlanner, Surveyed } from '../step-planner.port'
import { createSweeper } from './sweeper'

describeEachDatabase('a sweep', (given) => {
  const workshop = createWorkshop(given)
  beforeEach(async () => {
    await given.database.client.provisioningSweep.deleteMany()
    await given.database.client.resourceDrift.deleteMany()
  })

  /** Tenants that are settled, and a service that shows its things in pages of two. */
  async function settled(count: number) {
    const service = createService()
    const things = new Map<string, Surveyed>()
    const asked: (string | null)[] = []
    const planner: StepPlanner = {
      ...service.planner,
      survey: (cursor) => {
        asked.push(cursor)
        const from = Number(cursor ?? 0)
        const found = [...things.values()].slice(from, from + 2)
        return Promise.resolve({ found, next: from + 2 < things.size ? String(from + 2) : null })
      },
    }
    workshop.start([{ planner }])
    const tenants = []
    for (let made = 0; made < count; made++) {
      const tenant = await workshop.createTenant()
      await workshop.reached(tenant.id, 'active')
      const externalId = service.made.get(tenant.id) ?? ''
      const thing = { kind: 'group', name: tenant.slug, externalId, fingerprint: tenant.slug }
      things.set(tenant.id, { ...thing, tenantId: tenant.id })
      tenants.push(tenant)
    }
    workshop.clock.advance(1_000)
    const sweeper = () =>
      createSweeper({
        ...{ database: given.database, clock: workshop.clock, log: silent, signals: workshop.signals },
        ...{ planners: [planner], wake: () => {}, everySeconds: 60, pauseMs: 0 },
        gate: createGates({ clock: workshop.clock, concurrency: 4, random: () => 0 }),
      })
    const sweep = async () => {
      workshop.clock.advance(61_000)
      await sweeper().work()
    }
    return { tenants, things, asked, sweeper, sweep }
  }
  const drift = async () => {
    const rows = await given.database.client.resourceDrift.findMany({ orderBy: { name: 'asc' } })
    return rows.map(({ what, status, tenantId }) => ({ what, status, tenantId }))
  }

  it('finds what was changed, is missing or nobody’s, and that it is over', async () => {
    const { tenants, things, sweep, asked } = await settled(3)
    const [one, two] = tenants
    if (!one || !two) throw new Error('There are three')
    await sweep()
    expect(await drift()).toEqual([])
    expect(asked).toEqual([null, '2'])

    const was = [things.get(one.id), things.get(two.id)]
    things.set(one.id, { ...(was[0] as Surveyed), fingerprint: 'by hand' })
    things.delete(two.id)
    const orphan = {
      kind: 'group',
      name: 'zz',
      externalId: 'orphan',
      fingerprint: 'x',
      tenantId: 'of nobody',
    }
    things.set('orphan', orphan)
    await sweep()
    expect(await drift()).toEqual([
      { what: 'changed', status: 'open', tenantId: one.id },
      { what: 'missing', status: 'open', tenantId: two.id },
      { what: 'unknown', status: 'open', tenantId: null },
    ])

    await given.database.client.resourceDrift.updateMany({ data: { status: 'accepted' } })
    await sweep()
    expect((await drift()).map(({ status }) => status)).toEqual(['accepted', 'accepted', 'accepted'])

    things.set(one.id, { ...(was[0] as Surveyed), fingerprint: 'by hand again' })
    things.set(two.id, was[1] as Surveyed)
    things.delete('orphan')
    await sweep()
    expect((await drift()).map(({ status }) => status)).toEqual(['open', 'repaired', 'repaired'])
  })

  it('is one, also where two replicas work at once', async () => {
    const { sweeper, asked } = await settled(3)
    workshop.clock.advance(61_000)
    await Promise.all([sweeper().work(), sweeper().work()])
    expect(asked).toEqual([null, '2'])
    expect(await given.database.client.provisioningSweep.count()).toBe(1)
  })

  it('says what could not be compared, and takes nothing there for missing', async () => {
    const { things, sweeper } = await settled(1)
    const broken = sweeper()
    things.clear()
    things.values = () => {
      throw new Error('not to be told')
    }
    workshop.clock.advance(61_000)
    await broken.work()
    expect(await drift()).toEqual([])
    const row = await eventually(() => given.database.client.provisioningSweep.findFirstOrThrow())
    expect(row).toMatchObject({ status: 'failed', activeKey: null })
    expect(JSON.stringify(row.failures)).not.toContain('not to be told')
  })
})

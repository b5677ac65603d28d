import { afterEach, beforeEach, expect, it } from 'vitest'
import { IntegrationError } from '#server/lib/errors'
import { repairFound } from '#server/provisioning/drift/repair'
import { describeEachDatabase } from '../harness/databases'
import type { HttpClient } from '../harness/http'
import { startPortal, TestClock, type Portal } from '../harness/portal'
import { eventually } from '../harness/provisioning'
import { createShelf } from '../harness/shelf'

describeEachDatabase('drift that is repaired by itself', (given) => {
  let shelf: ReturnType<typeof createShelf>
  let clock: TestClock
  let portal: Portal
  let operator: HttpClient

  const open = async (env: Record<string, string> = {}) => {
    clock = new TestClock()
    shelf = createShelf()
    portal = await startPortal(given.url, { planners: [shelf.planner], clock, env })
    operator = await portal.operator()
  }
  beforeEach(() => open())
  afterEach(async () => {
    await portal.close()
    const { client } = given.database
    await client.tenant.deleteMany()
    await client.provisioningSweep.deleteMany()
    await client.resourceDrift.deleteMany()
    await client.setting.deleteMany({ where: { key: 'driftRepair' } })
  })

  const tenants = async (count: number) => {
    const ids: string[] = []
    portal.container.reconciler.start()
    for (let made = 0; made < count; made++)
      ids.push((await operator.post('/api/tenants', { slug: `t-${made}`, name: `T ${made}` })).json.id)
    await settled()
    return ids
  }
  const settled = () =>
    eventually(async () => {
      const { client } = given.database
      expect(await client.provisioningRun.count({ where: { status: 'running' } })).toBe(0)
      expect(await client.tenant.count({ where: { status: 'pending' } })).toBe(0)
    })
  const sweep = async () => {
    clock.advance(10)
    await operator.post('/api/operator/sweep')
    await portal.container.sweeper.work()
  }
  const statuses = async () =>
    (await given.database.client.resourceDrift.findMany({ orderBy: { id: 'asc' } })).map(
      ({ status }) => status,
    )
  const switchOn = async (driftRepair = true) => {
    const { status, json } = await operator.patch('/api/settings', { driftRepair })
    expect([status, json.driftRepair]).toEqual([200, { value: driftRepair, source: 'settings' }])
  }

  it('is off by default, and an operator’s to switch on; then what is found is repaired, on record as the system’s', async () => {
    const [one = '', two = ''] = await tenants(2)
    expect((await operator.get('/api/settings')).json.driftRepair).toEqual({
      value: false,
      source: 'default',
    })
    shelf.change(one)
    shelf.remove(two)
    shelf.put({ externalId: 'stray', tenantId: one })
    await sweep()
    await settled()
    expect(await statuses()).toEqual(['open', 'open', 'open'])

    await switchOn()
    await portal.container.sweeper.work()
    await settled()
    const rows = await given.database.client.resourceDrift.findMany({ orderBy: { what: 'asc' } })
    expect(rows.map(({ what, status }) => [what, status]).sort()).toEqual([
      ['changed', 'repaired'],
      ['missing', 'repaired'],
      // Nobody knows what it is: it is left to people.
      ['unknown', 'open'],
    ])
    expect(shelf.things.has('stray')).toBe(true)
    const { items } = (await operator.get('/api/tenants/t-0/audit')).json
    expect(items[0]).toMatchObject({
      action: 'drift.repair_requested',
      actor: { kind: 'system' },
      subject: { kind: 'tenant', id: one },
      after: { things: 1 },
    })
    await sweep()
    await settled()
    expect((await statuses()).filter((status) => status === 'open')).toHaveLength(1)
  })

  it('leaves alone what rests, and what somebody accepted or ignored', async () => {
    const [one = '', two = '', three = ''] = await tenants(3)
    await switchOn(false)
    for (const id of [one, two, three]) shelf.change(id)
    await sweep()
    const list = async (slug: string) => (await operator.get(`/api/tenants/${slug}/drift`)).json.items
    await operator.post(`/api/tenants/t-0/drift/${(await list('t-0'))[0].id}/accept`)
    await operator.post(`/api/tenants/t-1/drift/${(await list('t-1'))[0].id}/ignore`)
    await given.database.client.tenant.update({ where: { id: three }, data: { status: 'suspended' } })
    await switchOn()
    await portal.container.sweeper.work()
    await settled()
    expect((await statuses()).sort()).toEqual(['accepted', 'ignored', 'open'])
  })

  it('asks for each sight of it once, so that a repair that fails is no circle', async () => {
    const [one = ''] = await tenants(1)
    await switchOn()
    shelf.change(one)
    const refusal = { service: 'authentik', kind: 'rejected', message: 'It would not.' } as const
    shelf.failWhere((what) => (what === 'change' ? new IntegrationError(refusal) : undefined))
    const drifts = () => given.database.client.provisioningRun.count({ where: { cause: 'drift' } })
    await sweep()
    await settled()
    expect([await drifts(), await statuses()]).toEqual([1, ['open']])
    await portal.container.sweeper.work()
    await portal.container.sweeper.work()
    expect(await drifts()).toBe(1)
  })

  it('asks for ten tenants at a time, over all replicas', async () => {
    const ids = await tenants(13)
    await portal.container.reconciler.stop()
    await switchOn(false)
    for (const id of ids) shelf.change(id)
    await sweep()
    await switchOn()
    const { scopes, config } = portal.container
    await Promise.all([1, 2, 3].map(() => repairFound(scopes.platform('test'), config)))
    const count = async (status: string) => (await statuses()).filter((one) => one === status).length
    expect([await count('repairing'), await count('open')]).toEqual([10, 3])
    await given.database.client.resourceDrift.updateMany({
      where: { tenantId: { in: ids.slice(0, 2) } },
      data: { status: 'repaired' },
    })
    await repairFound(scopes.platform('test'), config)
    expect([await count('repairing'), await count('open')]).toEqual([10, 1])
  })

  it('holds deletions back where they have to be approved', async () => {
    const [one = ''] = await tenants(1)
    await operator.patch('/api/tenants/t-0', { approveDeletions: true })
    await settled()
    const { plan } = shelf.planner
    let isThere = true
    shelf.planner.plan = async (...input) => {
      const found = await plan(...input)
      const remove = async () => void (isThere = false)
      const deletion = { action: 'delete', kind: 'group', name: 'left-over', apply: remove } as const
      return { ...found, changes: [...found.changes, ...(isThere ? [deletion] : [])] }
    }
    await switchOn()
    shelf.change(one)
    await sweep()
    await settled()
    expect(isThere).toBe(true)
    expect(shelf.things.get(`thing-${one}`)?.fingerprint).toBe('as it should be')
  })

  it('is as the environment says, before the portal’s setting', async () => {
    await switchOn()
    await portal.close()
    await open({ DRIFT_REPAIR: 'off' })
    expect((await operator.get('/api/settings')).json.driftRepair).toEqual({
      value: false,
      source: 'environment',
    })
    const refused = await operator.patch('/api/settings', { driftRepair: true })
    expect([refused.status, refused.json.code]).toEqual([409, 'settings.locked'])
    const [one = ''] = await tenants(1)
    shelf.change(one)
    await sweep()
    await settled()
    expect(await statuses()).toEqual(['open'])
  })
})

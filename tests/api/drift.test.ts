import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import { IntegrationError } from '#server/lib/errors'
import { describeEachDatabase } from '../harness/databases'
import type { HttpClient } from '../harness/http'
import { startPortal, TestClock, type Portal } from '../harness/portal'
import { eventually } from '../harness/provisioning'
import { createShelf } from '../harness/shelf'

describeEachDatabase('drift', (given) => {
  const shelf = createShelf()
  const clock = new TestClock()
  const ids = { acme: '', other: '' }
  let portal: Portal
  let operator: HttpClient
  let admin: HttpClient

  beforeAll(async () => {
    portal = await startPortal(given.url, { planners: [shelf.planner], clock })
    operator = await portal.operator()
    admin = await portal.signedIn({ email: 'ada@example.org' })
    for (const slug of ['acme', 'other'] as const)
      ids[slug] = (await operator.post('/api/tenants', { slug, name: slug })).json.id
    await operator.post('/api/tenants/acme/members', { email: 'ada@example.org', role: 'admin' })
    portal.container.reconciler.start()
    await settled()
  })
  afterAll(() => portal.close())

  beforeEach(async () => {
    shelf.failWhere(() => undefined)
    for (const slug of ['acme', 'other']) await operator.post(`/api/tenants/${slug}/reconcile`, {})
    await settled()
    await given.database.client.resourceDrift.deleteMany()
    for (const id of [...shelf.things.keys()].filter((key) => key.startsWith('stray')))
      shelf.things.delete(id)
  })

  const settled = () =>
    eventually(async () => {
      const { database } = given
      expect(await database.client.provisioningRun.count({ where: { status: 'running' } })).toBe(0)
      expect(await database.client.tenant.count({ where: { status: 'pending' } })).toBe(0)
    })
  const sweep = async () => {
    clock.advance(10)
    await operator.post('/api/operator/sweep')
    await portal.container.sweeper.work()
  }
  const listed = async (query = '', who = operator) =>
    (await who.get(`/api/tenants/acme/drift${query}`)).json.items as {
      id: string
      status: string
      what: string
      repairRunId: string | null
    }[]
  const one = async () => {
    const [row] = await listed()
    if (!row) throw new Error('Nothing is listed')
    return row
  }
  const changed = async () => {
    shelf.change(ids.acme)
    await sweep()
    return one()
  }
  const actions = async () =>
    ((await operator.get('/api/tenants/acme/audit?limit=200')).json.items as { action: string }[])
      .map(({ action }) => action)
      .filter((action) => action.startsWith('drift.'))

  it('is being repaired while its run goes, and over when the service was read again', async () => {
    const { id, ...row } = await changed()
    expect(row).toMatchObject({ what: 'changed', status: 'open', repairRunId: null })
    let go = () => {}
    const held = new Promise<void>((resolve) => (go = resolve))
    const { plan } = shelf.planner
    const spy = vi.spyOn(shelf.planner, 'plan').mockImplementationOnce(async (...args) => {
      await held
      return plan(...args)
    })
    const before = (await actions()).length
    const answers = await Promise.all([1, 2].map(() => admin.post(`/api/tenants/acme/drift/${id}/repair`)))
    const [first, second] = answers.map(({ status, json }) => ({ status, runId: json.runId }))
    expect(first).toEqual(second)
    expect(first?.status).toBe(202)
    expect(await one()).toMatchObject({ status: 'repairing', repairRunId: first?.runId })
    expect((await actions()).length).toBe(before + 1)
    // Nothing else can be decided of it meanwhile.
    const refused = await operator.post(`/api/tenants/acme/drift/${id}/accept`)
    expect([refused.status, refused.json.code]).toEqual([409, 'drift.settled_already'])

    go()
    await settled()
    spy.mockRestore()
    expect(await listed()).toEqual([])
    expect(await listed('?status=repaired')).toMatchObject([{ id, status: 'repaired' }])
    const late = await admin.post(`/api/tenants/acme/drift/${id}/repair`)
    expect([late.status, late.json.code]).toEqual([409, 'drift.settled_already'])
  })

  it('is open again where its repair failed, and names the run that did', async () => {
    const { id } = await changed()
    const message = 'It would not.'
    shelf.failWhere((what) =>
      what === 'change'
        ? new IntegrationError({ service: 'authentik', kind: 'rejected', message })
        : undefined,
    )
    const { runId } = (await admin.post(`/api/tenants/acme/drift/${id}/repair`)).json
    await settled()
    expect(await one()).toMatchObject({ status: 'open', repairRunId: runId })
    expect((await admin.get(`/api/tenants/acme/runs/${runId}`)).json).toMatchObject({ status: 'failed' })
  })

  it('is over by whatever run brings it in line', async () => {
    await changed()
    await operator.post('/api/tenants/acme/reconcile', {})
    await settled()
    expect(await listed()).toEqual([])
  })

  it('can be accepted, ignored and opened again, once each, until something else is found', async () => {
    const { id } = await changed()
    const to = async (what: string) => (await operator.post(`/api/tenants/acme/drift/${id}/${what}`)).status
    const before = (await actions()).length
    expect(await Promise.all([to('accept'), to('accept')])).toEqual([204, 204])
    expect(await listed()).toMatchObject([{ status: 'accepted' }])
    expect(await listed('?status=open')).toEqual([])
    expect(await to('ignore')).toBe(204)
    expect(await listed()).toEqual([])
    expect(await listed('?status=ignored')).toMatchObject([{ id, status: 'ignored' }])
    await sweep()
    expect(await listed('?status=ignored')).toHaveLength(1)
    expect(await to('reopen')).toBe(204)
    expect(await to('reopen')).toBe(204)
    expect(await listed()).toMatchObject([{ id, status: 'open' }])
    expect((await actions()).slice(0, (await actions()).length - before)).toEqual([
      'drift.reopened',
      'drift.ignored',
      'drift.accepted',
    ])
    await to('ignore')
    shelf.change(ids.acme, 'by another hand')
    await sweep()
    expect(await listed()).toMatchObject([{ status: 'open', what: 'changed' }])
  })

  it('is for operators to accept, and its tenant’s alone', async () => {
    const { id } = await changed()
    for (const what of ['accept', 'ignore', 'reopen'])
      expect((await admin.post(`/api/tenants/acme/drift/${id}/${what}`)).status).toBe(403)
    for (const what of ['accept', 'repair'])
      expect((await operator.post(`/api/tenants/other/drift/${id}/${what}`)).status).toBe(404)
    expect((await operator.get('/api/tenants/other/drift')).json.items).toEqual([])
  })

  it('of nobody is shown to operators, who accept or ignore it', async () => {
    shelf.put({ externalId: 'stray', name: 'stray', tenantId: 'of nobody' })
    await sweep()
    const all = async (query = '') => (await operator.get(`/api/operator/drift${query}`)).json.items
    expect(await all()).toMatchObject([{ name: 'stray', what: 'unknown', tenant: null, status: 'open' }])
    const [{ id }] = await all()
    expect((await operator.post(`/api/operator/drift/${id}/ignore`)).status).toBe(204)
    expect(await all()).toEqual([])
    expect(await all('?status=ignored&service=authentik')).toHaveLength(1)
    expect((await admin.post(`/api/operator/drift/${id}/reopen`)).status).toBe(403)
    expect((await operator.post(`/api/operator/drift/${id}/reopen`)).status).toBe(204)
    expect(await all()).toHaveLength(1)
    const { items } = (await operator.get('/api/audit?limit=2')).json
    expect(items.map(({ action }: { action: string }) => action)).toEqual(['drift.reopened', 'drift.ignored'])
    expect(await listed()).toEqual([])
    expect(shelf.things.has('stray')).toBe(true)
  })
})

import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import type { StepPlanner } from '#server/provisioning/step-planner.port'
import { describeEachDatabase } from '../harness/databases'
import type { HttpClient } from '../harness/http'
import { startPortal, type Portal } from '../harness/portal'

/** A service that has things of tenants which should be gone. */
function createLitter() {
  const litter = new Set<string>()
  const planner: StepPlanner = {
    service: 'authentik',
    step: 'group',
    plan: async () => ({
      resources: [],
      notes: [],
      changes: [...litter].map((name) => ({
        action: 'delete',
        kind: 'group',
        name,
        apply: async () => void litter.delete(name),
      })),
    }),
  }
  return { planner, litter }
}

describeEachDatabase('deletions that have to be approved', (given) => {
  const { planner, litter } = createLitter()
  let portal: Portal
  let operator: HttpClient
  let admin: HttpClient
  beforeAll(async () => {
    portal = await startPortal(given.url, { planners: [planner] })
    operator = await portal.operator()
    admin = await portal.signedIn({ email: 'ada@example.org' })
    await operator.post('/api/tenants', { slug: 'acme', name: 'Acme' })
    await operator.post('/api/tenants/acme/members', { email: 'ada@example.org', role: 'admin' })
    await portal.container.reconciler.start()
    await stepIs({ status: 'ok' })
  })
  afterAll(() => portal.close())

  const stepIs = (state: object) =>
    vi.waitFor(async () => {
      const { steps } = (await operator.get('/api/tenants/acme/provisioning')).json
      expect(steps[0]).toMatchObject(state)
    })
  const approve = async (who: HttpClient) => {
    const { hash } = (await who.get('/api/tenants/acme/plan')).json
    expect((await who.post('/api/tenants/acme/reconcile', { planHash: hash })).status).toBe(202)
  }

  it('are an operator’s to ask for, not an admin’s', async () => {
    const refused = await admin.patch('/api/tenants/acme', { name: 'Mine', approveDeletions: false })
    expect([refused.status, refused.json.code]).toEqual([403, 'tenant.operator_decides'])
    expect((await admin.get('/api/tenants/acme')).json).toMatchObject({
      name: 'Acme',
      approveDeletions: false,
    })
    const changed = await operator.patch('/api/tenants/acme', { approveDeletions: true })
    expect(changed.json).toMatchObject({ name: 'Acme', approveDeletions: true })
    const { items } = (await operator.get('/api/tenants/acme/audit')).json
    expect(items[0]).toMatchObject({
      action: 'tenant.updated',
      before: { approveDeletions: false },
      after: { approveDeletions: true },
    })
    await stepIs({ status: 'ok' })
  })

  it('wait for an operator, whoever else asks, and are made when one approves their plan', async () => {
    litter.add('left-over')
    await operator.post('/api/tenants/acme/reconcile', {})
    const reason = 'Waits for approval: delete group left-over.'
    await stepIs({ status: 'pending', held: true, reason })

    await approve(admin)
    await stepIs({ status: 'pending', held: true, reason })
    expect(litter.size).toBe(1)

    await approve(operator)
    await stepIs({ status: 'ok' })
    expect(litter.size).toBe(0)
  })

  it('are made at once where nobody has to approve them', async () => {
    await operator.patch('/api/tenants/acme', { approveDeletions: false })
    litter.add('another')
    await admin.post('/api/tenants/acme/reconcile', {})
    await vi.waitFor(() => expect(litter.size).toBe(0))
  })
})

import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import type { StepPlanner } from '#server/provisioning/step-planner.port'
import { ProvisioningRunDetails } from '#shared/contracts/provisioning'
import { describeEachDatabase } from '../harness/databases'
import type { HttpClient } from '../harness/http'
import { startPortal, type Portal } from '../harness/portal'

const thing = (kind: string, name: string) => ({ kind, name, externalId: `id of ${name}`, fingerprint: name })

/** Services where everything is as it should be, with one group, and with 150 accounts. */
const planners: StepPlanner[] = [
  {
    service: 'authentik',
    step: 'group',
    plan: async ({ slug }) => ({ resources: [thing('group', slug)], changes: [], notes: [] }),
  },
  {
    service: 'stalwart',
    step: 'accounts',
    plan: async () => ({
      resources: Array.from({ length: 150 }, (_, index) => thing('account', `person-${index}`)),
      changes: [],
      notes: [],
    }),
  },
]

describeEachDatabase('what a run read', (given) => {
  let portal: Portal
  let operator: HttpClient
  beforeAll(async () => {
    portal = await startPortal(given.url, { planners })
    operator = await portal.operator()
    await portal.container.reconciler.start()
  })
  afterAll(() => portal.close())

  const newest = async (slug: string) =>
    (await operator.get(`/api/tenants/${slug}/runs`)).json.items[0] as { id: string; status: string }
  const ended = (slug: string) =>
    vi.waitFor(async () => {
      const run = await newest(slug)
      expect(run.status).toBe('done')
      return run.id
    })
  const read = async (slug: string, runId: string) =>
    ProvisioningRunDetails.parse((await operator.get(`/api/tenants/${slug}/runs/${runId}`)).json)

  it('is shown with it by step, with kind, name, id and when; of many things the first hundred', async () => {
    await operator.post('/api/tenants', { slug: 'acme', name: 'Acme' })
    const run = await read('acme', await ended('acme'))
    expect(run.observed.map(({ service, step, total }) => `${service}/${step} ${total}`)).toEqual([
      'authentik/group 1',
      'stalwart/accounts 150',
    ])
    const [group, accounts] = run.observed
    expect(group?.resources).toEqual([{ kind: 'group', name: 'acme', externalId: 'id of acme' }])
    expect(accounts?.resources).toHaveLength(100)
    for (const { observedAt } of run.observed) {
      expect(observedAt >= run.startedAt).toBe(true)
      expect(observedAt <= (run.endedAt ?? '')).toBe(true)
    }
    expect(JSON.stringify(run)).not.toContain('fingerprint')
  })

  it('is shown with the last run that read it alone', async () => {
    await operator.post('/api/tenants', { slug: 'other', name: 'Other' })
    const first = await ended('other')
    await operator.post('/api/tenants/other/reconcile', {})
    const second = await vi.waitFor(async () => {
      const id = await ended('other')
      expect(id).not.toBe(first)
      return id
    })
    expect((await read('other', second)).observed).toHaveLength(2)
    expect((await read('other', first)).observed).toEqual([])
    expect((await operator.get(`/api/tenants/acme/runs/${second}`)).json.code).toBe('run.not_found')
  })
})

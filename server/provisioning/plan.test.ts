import { describe, expect, it } from 'vitest'
import { AppError, IntegrationError } from '#server/lib/errors'
import type { TenantScope } from '#server/scope'
import { createManualClock, desiredOf } from '../../tests/harness/provisioning'
import { createGates } from './gates'
import { confirmPlan, getPlan, type PlanMeans } from './plan'
import { digestOfChange, hashOfPlan } from './plan-hash'
import type { Change, StepPlanner } from './step-planner.port'

const never = () => Promise.reject(new Error('A plan changes nothing'))
const group: Change = { action: 'create', kind: 'group', name: 'acme' }
const ada: Change = {
  ...({ action: 'update', kind: 'member', name: 'ada@example.org' } as const),
  fields: { role: { from: 'Editor', to: 'Manager' }, group: { from: null, to: 'acme' } },
}

function planner(
  key: string,
  changes: readonly Change[],
  more: Partial<{ notes: string[]; plan: StepPlanner['plan'] }> = {},
): StepPlanner {
  const [service, step] = key.split('/') as ['authentik', string]
  const plan = {
    resources: [],
    notes: more.notes ?? [],
    changes: changes.map((it) => ({ ...it, apply: never })),
  }
  return { service, step, plan: more.plan ?? (() => Promise.resolve(plan)) }
}

/** Of a tenant of which one step is known. */
const scope = {
  stores: {
    desired: { get: async () => desiredOf({ id: '1', slug: 'acme' }) },
    steps: { list: async () => ({ steps: [{ service: 'authentik', step: 'group', externalId: 'pk-1' }] }) },
  },
} as unknown as TenantScope

function means(...planners: StepPlanner[]): PlanMeans {
  return {
    planners,
    gate: createGates({ clock: createManualClock(), concurrency: 2, random: () => 0 }),
    timeoutMs: 50,
  }
}
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'confirmed',
    (error: unknown) => (error instanceof AppError ? error.code : error),
  )

describe('a plan', () => {
  it('shows each service with what it would change, and why another is not looked at', async () => {
    const made = means(
      planner('ocis/members', [ada], { notes: ['Who has not signed in comes later.'] }),
      planner('authentik/group', [group]),
    )
    const { services } = await getPlan(scope, made)
    expect(services).toEqual([
      { service: 'authentik', changes: [group], notes: [] },
      { service: 'stalwart', changes: [], notes: [], reason: 'not configured' },
      { service: 'ocis', changes: [ada], notes: ['Who has not signed in comes later.'] },
      { service: 'mail', changes: [], notes: [], reason: 'not configured' },
    ])
  })

  it('is made of what is known of each step', async () => {
    const known: unknown[] = []
    const plan: StepPlanner['plan'] = async (_tenant, given) => {
      known.push(given.externalId)
      return { resources: [], changes: [], notes: [] }
    }
    await getPlan(scope, means(planner('authentik/group', [], { plan }), planner('ocis/space', [], { plan })))
    expect(known).toEqual(['pk-1', null])
  })

  it('has the same hash for the same changes, whoever plans first and however fields are listed', async () => {
    const turned: Change = { ...ada, fields: Object.fromEntries(Object.entries(ada.fields ?? {}).reverse()) }
    const one = await getPlan(
      scope,
      means(planner('authentik/group', [group]), planner('ocis/members', [ada])),
    )
    const other = await getPlan(
      scope,
      means(planner('ocis/members', [turned]), planner('authentik/group', [group])),
    )
    expect(other.hash).toBe(one.hash)
  })

  it.each<[string, Change]>([
    ['action', { ...ada, action: 'adopt' }],
    ['kind', { ...ada, kind: 'account' }],
    ['name', { ...ada, name: 'eve@example.org' }],
    ['field', { ...ada, fields: { ...ada.fields, role: { from: 'Editor', to: 'Viewer' } } }],
    ['beginning of a field', { ...ada, fields: { ...ada.fields, group: { from: '', to: 'acme' } } }],
    ['reason', { ...ada, reason: 'Because.' }],
  ])('has another hash where a change has another %s', async (_, changed) => {
    const hashOf = async (change: Change) =>
      (await getPlan(scope, means(planner('ocis/members', [change])))).hash
    expect(await hashOf(changed)).not.toBe(await hashOf(ada))
  })

  it('has another hash where the same change is another step’s', () => {
    const digest = digestOfChange(group)
    expect(hashOfPlan({ 'ocis/space': [digest] })).not.toBe(hashOfPlan({ 'ocis/members': [digest] }))
  })

  describe('that somebody approved', () => {
    it('is confirmed with the digests of its changes, by step', async () => {
      const made = means(
        planner('authentik/group', [group]),
        planner('ocis/members', [ada]),
        planner('ocis/space', []),
      )
      const { hash } = await getPlan(scope, made)
      expect(await confirmPlan(scope, made, hash)).toEqual({
        'authentik/group': [digestOfChange(group)],
        'ocis/members': [digestOfChange(ada)],
        'ocis/space': [],
      })
    })

    it('is stale where more, less or something else is to be done now', async () => {
      const { hash } = await getPlan(scope, means(planner('ocis/members', [ada])))
      for (const changes of [[], [ada, group], [group]])
        expect(await codeOf(confirmPlan(scope, means(planner('ocis/members', changes)), hash))).toBe(
          'plan.stale',
        )
      expect(await codeOf(confirmPlan(scope, means(planner('ocis/members', [ada])), hash))).toBe('confirmed')
    })

    it.each<[string, StepPlanner['plan'], string]>([
      [
        'fails',
        () =>
          Promise.reject(
            new IntegrationError({ service: 'ocis', kind: 'unreachable', message: 'OCIS is away.' }),
          ),
        'OCIS is away.',
      ],
      ['says nothing', () => new Promise(() => {}), 'It did not answer in time.'],
    ])('is stale where a service %s, which is said', async (_, plan, error) => {
      const made = means(planner('authentik/group', [group]), planner('ocis/space', [], { plan }))
      const { hash, services } = await getPlan(scope, made)
      expect(services[2]).toEqual({ service: 'ocis', changes: [], notes: [], error })
      expect(services[0]?.changes).toEqual([group])
      expect(await codeOf(confirmPlan(scope, made, hash))).toBe('plan.stale')
    })
  })

  it('hides no fault of our own behind a service', async () => {
    const plan = () => Promise.reject(new TypeError('x is not a function'))
    await expect(getPlan(scope, means(planner('ocis/space', [], { plan })))).rejects.toThrow(
      'x is not a function',
    )
  })
})

import { beforeAll, describe, expect, it } from 'vitest'
import { IntegrationError } from '#server/lib/errors'
import { createLocalSignals } from '#server/storage/signals-local'
import type { Database } from '#server/storage/database'
import { describeEachDatabase } from '../../tests/harness/databases'
import { createService, createWorkshop, eventually, silent } from '../../tests/harness/provisioning'
import type { StepPlanner } from './step-planner.port'

const minute = 60_000
const hour = 60 * minute

describeEachDatabase('faults', (given) => {
  const shop = createWorkshop(given)
  let another: Database
  beforeAll(async () => {
    another = await given.openAnother()
  })

  it('a service that is away for five minutes: every tenant is made once when it is back', async () => {
    const authentik = createService()
    let isAway = true
    const planner: StepPlanner = {
      ...authentik.planner,
      plan: async (...input) => {
        if (!isAway) return authentik.planner.plan(...input)
        throw new IntegrationError({ service: 'authentik', kind: 'unreachable', message: 'It is away.' })
      },
    }
    const tenants = []
    for (let count = 0; count < 6; count++) tenants.push(await shop.createTenant())
    // A lease that outlasts the clock's leaps.
    const worker = shop.start([{ planner }], { leaseMs: hour })
    for (let passed = 0; passed < 5 * minute; passed += 30_000) {
      for (const { id } of tenants) await shop.stepReached(id, 'authentik', 'error')
      shop.clock.advance(30_000)
      worker.look()
    }
    isAway = false
    for (const { id } of tenants) {
      await eventually(async () => {
        shop.clock.advance(30_000)
        worker.look()
        expect((await shop.state(id)).status).toBe('active')
      })
    }
    expect(authentik.calls).toHaveLength(tenants.length)
    expect(authentik.made.size).toBe(tenants.length)
  })

  it('a service that applied and then cut the line: what it made is found again', async () => {
    const authentik = createService()
    authentik.next(async (tenant, signal) => {
      await authentik.succeed(tenant, signal)
      throw new IntegrationError({ service: 'authentik', kind: 'unreachable', message: 'The line was cut.' })
    })
    const worker = shop.start([authentik])
    const { id } = await shop.createTenant()
    await shop.stepReached(id, 'authentik', 'error')
    shop.clock.advance(minute)
    worker.look()
    const state = await shop.reached(id, 'active')
    expect(authentik.calls).toHaveLength(1)
    expect(state.step('authentik').externalId).toBe(authentik.made.get(id))
  })

  it('two replicas, one tenant, asked for twenty times at once', async () => {
    const authentik = createService()
    const { id, slug } = await shop.createTenant()
    const scope = await shop.scopeOf(slug)
    const own = () => ({ signals: createLocalSignals(silent), pollMs: 10 })
    shop.start([authentik], own())
    shop.start([authentik], { ...own(), database: another })
    await Promise.all(Array.from({ length: 20 }, () => shop.reconcile(scope)))
    await eventually(async () => {
      const { runs, leaseUntil } = await shop.state(id)
      expect([runs.every(({ status }) => status === 'done'), leaseUntil]).toEqual([true, null])
    })
    expect(authentik.calls).toHaveLength(1)
    expect((await shop.state(id)).activations).toBe(1)
  })

  it('a clock that jumps an hour ahead and back', async () => {
    const authentik = createService()
    const { id, slug } = await shop.createTenant()
    const worker = shop.start([authentik])
    await shop.reached(id, 'active')
    shop.clock.advance(hour)
    authentik.made.clear()
    await shop.reconcile(await shop.scopeOf(slug))
    await eventually(async () => expect((await shop.state(id)).runs.every(({ ended }) => ended)).toBe(true))
    await given.database.client.provisioningWork.update({
      where: { tenantId: id },
      // Of a worker that was killed while its clock ran ahead.
      data: { leaseUntil: new Date(shop.clock.now().getTime() + 9_000) },
    })
    shop.clock.advance(-hour)
    await shop.reconcile(await shop.scopeOf(slug))
    worker.look()
    await eventually(async () => expect((await shop.state(id)).runs.every(({ ended }) => ended)).toBe(true))
    expect(authentik.made.size).toBe(1)
  })

  describe('a tenant with 5,000 members', () => {
    it(
      'does not hold up the others, though only one is worked on at a time',
      { timeout: 90_000 },
      async () => {
        const done: string[] = []
        const left = new Map<string, number>()
        const big = await shop.createTenant('Big')
        const planner: StepPlanner = {
          service: 'authentik',
          step: 'group',
          plan: async ({ id }) => {
            const count = left.get(id) ?? (id === big.id ? 5_000 : 1)
            left.set(id, count)
            const apply = async () => {
              await new Promise((resolve) => setTimeout(resolve, 1))
              const rest = (left.get(id) ?? 1) - 1
              left.set(id, rest)
              if (rest === 0) done.push(id)
            }
            const thing = { kind: 'member', name: id, action: 'create' } as const
            const resources = [{ kind: 'member', name: id, externalId: id, fingerprint: '' }]
            return {
              resources,
              notes: [],
              changes: Array.from({ length: count }, () => ({ ...thing, apply })),
            }
          },
        }
        const small = []
        for (let count = 0; count < 50; count++) {
          shop.clock.advance(1)
          small.push(await shop.createTenant())
        }
        shop.start([{ planner }], { concurrency: 1, sliceMs: 100 })
        for (const { id } of small) await shop.reached(id, 'active')
        expect(done).not.toContain(big.id)
        expect(left.get(big.id)).toBeLessThan(5_000)
        await expect.poll(async () => (await shop.state(big.id)).status, { timeout: 50_000 }).toBe('active')
        expect(done.filter((id) => id === big.id)).toHaveLength(1)
      },
    )
  })
})

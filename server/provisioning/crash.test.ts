import { expect, it } from 'vitest'
import type { Database } from '#server/storage/database'
import { cutting } from '../../tests/harness/cutting'
import { describeEachDatabase } from '../../tests/harness/databases'
import { createService, createWorkshop, eventually } from '../../tests/harness/provisioning'

/**
 * Cuts a process off at one of its boundaries: just before or just after something that lasts (a transaction, a single
 * statement, a call to a service). Nothing that it tries afterwards has any effect.
 */
function killAt(boundary: number) {
  let passed = 0
  const pass = () => {
    if (passed < boundary) passed += 1
    if (passed >= boundary) throw new Error('The process was killed')
  }
  const cut = async <Result>(act: () => Promise<Result>): Promise<Result> => {
    pass()
    const result = await act()
    pass()
    return result
  }
  const hasStruck = () => passed >= boundary

  return {
    cut,
    hasStruck,
    over: (database: Database) => cutting(database, cut),
  }
}

describeEachDatabase('a process that is killed', (given) => {
  const shop = createWorkshop(given)

  it(
    'at any boundary, and started again, ends in the same state without duplicates',
    { timeout: 120_000 },
    async () => {
      let boundary = 1
      for (let hasStruck = true; hasStruck; boundary++) {
        const authentik = createService()
        const stalwart = createService('stalwart', 'domains')
        const killer = killAt(boundary)
        const tenant = await shop.createTenant()
        const cutOff = (service: typeof authentik) => ({
          planner: {
            ...service.planner,
            plan: (...input: Parameters<typeof service.planner.plan>) =>
              killer.cut(async () => {
                const { changes, ...found } = await service.planner.plan(...input)
                const cutOff = changes.map((change) => ({
                  ...change,
                  apply: (signal: AbortSignal) => killer.cut(() => change.apply(signal)),
                }))
                return { ...found, changes: cutOff }
              }),
          },
        })
        const mortal = shop.start([cutOff(authentik), cutOff(stalwart)], {
          database: killer.over(given.database),
        })
        await eventually(async () => {
          const { status, leaseUntil } = await shop.state(tenant.id)
          expect(killer.hasStruck() || (status === 'active' && leaseUntil === null)).toBe(true)
        })
        hasStruck = killer.hasStruck()

        shop.clock.advance(15_000)
        const heir = shop.start([authentik, stalwart])
        const state = await shop.reached(tenant.id, 'active')
        await Promise.all([mortal.stop(0), heir.stop()])

        const where = `killed at boundary ${boundary}`
        expect(state.services, where).toEqual({
          authentik: 'ok',
          stalwart: 'ok',
          ocis: 'skipped',
          mail: 'skipped',
        })
        expect(state.runs, where).toEqual([{ cause: 'created', status: 'done', ended: true }])
        expect(state.activations, where).toBe(1)
        for (const service of [authentik, stalwart]) {
          expect([...service.made.keys()], where).toEqual([tenant.id])
          expect(service.calls.length, where).toBeLessThanOrEqual(2)
        }
        expect(state.step('authentik').externalId, where).toBe(authentik.made.get(tenant.id))
        expect(state.step('stalwart').externalId, where).toBe(stalwart.made.get(tenant.id))
        const places = state.steps.map(({ sequence }) => sequence)
        expect(new Set(places).size, where).toBe(places.length)
      }
      // Revival, queue, claim, two calls, two results, release: each has two sides at least.
      expect(boundary).toBeGreaterThan(16)
    },
  )
})

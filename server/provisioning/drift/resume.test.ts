import { expect, it } from 'vitest'
import type { Database } from '#server/storage/database'
import { describeEachDatabase } from '../../../tests/harness/databases'
import { createShelf } from '../../../tests/harness/shelf'
import { createSweepShop } from '../../../tests/harness/sweeps'

/** Cuts a process off just before or just after a page or a transaction; nothing that it tries afterwards has any effect. */
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
  return {
    cut,
    hasStruck: () => passed >= boundary,
    over: (database: Database): Database => ({
      ...database,
      transaction: (work) => cut(() => database.transaction(work)),
      client: new Proxy(database.client, {
        get: (models, model) =>
          new Proxy(Reflect.get(models, model) as object, {
            get: (delegate, method) => {
              const query = Reflect.get(delegate, method) as (input: unknown) => Promise<unknown>
              return (input: unknown) => cut(() => query.call(delegate, input))
            },
          }),
      }),
    }),
  }
}

describeEachDatabase('a sweep whose process is killed', (given) => {
  const shop = createSweepShop(given)

  it('at any boundary goes on elsewhere, without what it was done with, and finds the same', async () => {
    const shelf = createShelf({ pageSize: 2 })
    const [one, two] = await shop.settle(5, [shelf])
    shelf.change(one.id)
    shelf.remove(two.id)
    shelf.put({ externalId: 'stray', tenantId: 'of nobody' })
    // Five things in three pages, and all of them once more since one is missing.
    const whole = [null, '2', '4', null, '2', '4']
    const { client } = given.database
    let boundary = 1
    for (let hasStruck = true; hasStruck; boundary++) {
      await client.provisioningSweep.deleteMany()
      await client.resourceDrift.deleteMany()
      shelf.surveys.length = 0
      shop.clock.advance(61_000)
      const killer = killAt(boundary)
      const { survey } = shelf.planner
      const dying = {
        planner: {
          ...shelf.planner,
          survey: (...input: Parameters<NonNullable<typeof survey>>) => killer.cut(() => survey!(...input)),
        },
      }
      await shop
        .sweeper([dying], { database: killer.over(given.database) })
        .work()
        .catch(() => {})
      hasStruck = killer.hasStruck()
      const first = [...shelf.surveys]
      shelf.surveys.length = 0
      shop.clock.advance(60_000)
      await shop.sweeper([shelf], { everySeconds: 3_600 }).work()
      const asked = shelf.surveys
      // It began where the other was: with its last page again, or with the one after it.
      expect([first.length, first.length - 1]).toContain(whole.length - asked.length)
      expect([...first.slice(0, whole.length - asked.length), ...asked]).toEqual(whole)
      const rows = await client.resourceDrift.findMany()
      expect(rows.map(({ what, status }) => `${what} ${status}`).sort()).toEqual([
        'changed open',
        'missing open',
        'unknown open',
      ])
      const sweeps = await client.provisioningSweep.findMany()
      expect(sweeps).toMatchObject([{ status: 'done', failures: {}, things: 5, drifted: 3, pages: 6 }])
    }
    // Before and after each of nine transactions at the least.
    expect(boundary).toBeGreaterThan(18)
  })

  it('stops at once when it is told to, and is free for others', async () => {
    const shelf = createShelf({ pageSize: 2 })
    await shop.settle(3, [shelf])
    shop.clock.advance(61_000)
    const stopped = shop.sweeper([shelf])
    shelf.failWhere((what, cursor) => {
      if (what === 'survey' && cursor === '2') void stopped.stop()
      return undefined
    })
    await stopped.work()
    shelf.failWhere(() => undefined)
    shelf.surveys.length = 0
    await shop.sweeper([shelf]).work()
    expect(shelf.surveys).toEqual(['2'])
    expect(await given.database.client.provisioningSweep.findMany()).toMatchObject([{ status: 'done' }])
  })
})

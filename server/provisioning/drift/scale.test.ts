import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, expect, it } from 'vitest'
import { describeEachDatabase } from '../../../tests/harness/databases'
import { multiplySettled, seedSettled } from '../../../tests/harness/seed-settled'
import { createShelf } from '../../../tests/harness/shelf'
import { listenToStatements } from '../../../tests/harness/statements'
import { createSweepShop } from '../../../tests/harness/sweeps'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** What a sweep costs, of so many tenants with a thing each at two services. */
interface Cost {
  pages: number
  statements: number
  /** The most that the heap held more than before, in MB; asked at every page. */
  heapMegabytes: number
}

describeEachDatabase('a sweep of many tenants', (given) => {
  const shop = createSweepShop(given)
  let listening: ReturnType<typeof listenToStatements> | undefined
  afterEach(() => listening?.stop())

  async function costOf(tenants: number): Promise<Cost> {
    const shelves = [createShelf(), createShelf({ service: 'stalwart', step: 'domains' })]
    await given.database.client.tenant.deleteMany()
    await given.database.client.provisioningSweep.deleteMany()
    await seedSettled(given.database, 1, shelves, shop.clock.now())
    await multiplySettled(given.database, tenants - 1, shelves)
    const heap = () => {
      collectGarbage()
      return process.memoryUsage().heapUsed / 1e6
    }
    let most = 0
    const before = heap()
    for (const shelf of shelves)
      shelf.failWhere(() => {
        most = Math.max(most, heap() - before)
        return undefined
      })
    listening = listenToStatements({ onlyCount: true })
    await shop.sweep(shelves)
    const statements = listening.count()
    listening.stop()
    const pages = shelves.reduce((sum, { surveys }) => sum + surveys.length, 0)
    expect(await given.database.client.provisioningSweep.findMany()).toMatchObject([
      { status: 'done', failures: {}, pages, things: 2 * tenants, drifted: 0 },
    ])
    expect(await given.database.client.resourceDrift.count()).toBe(0)
    return { pages, statements, heapMegabytes: most }
  }

  it('costs calls and statements by pages, and no more memory', { timeout: 120_000 }, async () => {
    const few = await costOf(500)
    const many = await costOf(2_000)
    expect([few.pages, many.pages]).toEqual([10, 40])
    // Those of a page, and those of the whole.
    const ofPage = (many.statements - few.statements) / (many.pages - few.pages)
    expect(ofPage).toBeLessThan(12)
    expect(few.statements - ofPage * few.pages).toBeLessThan(40)
    // What the harness keeps of calls grows too; a record of things or rows would by far more.
    expect(many.heapMegabytes - few.heapMegabytes).toBeLessThan(2)
  })
})

import { expect, it } from 'vitest'
import { systemClock } from '#server/lib/clock'
import type { Database, DatabaseClient } from '#server/storage/database'
import { describeEachDatabase } from '../../tests/harness/databases'
import { createService, createWorkshop, eventually } from '../../tests/harness/provisioning'

/** Tried once, or not at all. */
const settledAtOnce = [
  ['ok', 1],
  ['skipped', 0],
]

const busy = () => Object.assign(new Error('Transaction failed due to a write conflict'), { code: 'P2034' })

/** A database with which something is wrong, each time that a transaction is begun: `before` it, or `after` it was done. */
function failing(database: Database, fault: (nth: number) => 'before' | 'after' | undefined): Database {
  let count = 0
  return {
    ...database,
    async transaction<T>(work: (tx: DatabaseClient) => Promise<T>): Promise<T> {
      const when = fault((count += 1))
      if (when === 'before') throw busy()
      const result = await database.transaction(work)
      if (when === 'after') throw busy()
      return result
    },
  }
}

describeEachDatabase('what the database refuses', (given) => {
  const shop = createWorkshop(given)
  const services = () => [
    createService(),
    createService('authentik', 'members'),
    createService('ocis', 'space'),
  ]

  it.each(['before', 'after'] as const)(
    'is written again at once, where it failed %s it was done, and nothing is made twice',
    async (when) => {
      // Each in turn: the claim, then each result.
      for (let broken = 1; broken <= 4; broken++) {
        const made = services()
        const { id } = await shop.createTenant('Acme', systemClock)
        const begunAt = performance.now()
        const worker = shop.start(made, {
          clock: systemClock,
          database: failing(given.database, (nth) => (nth === broken ? when : undefined)),
        })
        await shop.reached(id, 'active')
        expect(performance.now() - begunAt).toBeLessThan(4_000)
        for (const { calls } of made) expect(calls).toHaveLength(1)
        await eventually(async () => expect((await shop.state(id)).leaseUntil).toBeNull())
        const { runs, activations, steps } = await shop.state(id)
        expect([runs, activations]).toEqual([[{ cause: 'created', status: 'done', ended: true }], 1])
        // A claim that is taken up again is no second try.
        if (broken === 1)
          for (const { status, attempt } of steps) expect([status, attempt]).toBeOneOf(settledAtOnce)
        await worker.stop()
      }
    },
  )

  it('again and again, is given up with the lease: who has a working database goes on', async () => {
    const made = services()
    const { id } = await shop.createTenant('Acme', systemClock)
    // The claim, and nothing after it.
    const broken = shop.start(made, {
      clock: systemClock,
      database: failing(given.database, (nth) => (nth === 1 ? undefined : 'before')),
    })
    await shop.stepReached(id, 'authentik', 'running')
    await eventually(() => expect(made[0]?.calls).toHaveLength(1))
    await broken.stop(0)
    expect((await shop.state(id)).leaseUntil).toBeNull()
    shop.start(made, { clock: systemClock })
    await shop.reached(id, 'active')
    for (const { calls } of made) expect(calls).toHaveLength(1)
  })
})

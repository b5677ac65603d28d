import { expect, it } from 'vitest'
import { describeEachDatabase } from '../../../tests/harness/databases'
import { createManualClock, eventually, silent } from '../../../tests/harness/provisioning'
import { openDatabaseCache } from '#server/storage/cache-database'
import { createBreakerBoard } from './breakers'

describeEachDatabase('breakers of several replicas', (given) => {
  const clock = createManualClock()
  const board = () =>
    createBreakerBoard({ cache: openDatabaseCache({ database: given.database, clock }), clock, log: silent })
  const inSeconds = (seconds: number) => new Date(clock.now().getTime() + seconds * 1000)
  const open = (seconds: number) => ({ state: 'open', until: inSeconds(seconds) }) as const
  const closed = { state: 'closed', until: null } as const

  it('are shown as the one sees them that waits longest, until that one closes its own', async () => {
    const [one, two, reader] = [board(), board(), board()]
    const long = open(50)
    one.publish('ocis', long)
    await eventually(async () => expect(await reader.read()).toHaveLength(1))
    two.publish('ocis', open(10))
    two.publish('stalwart', open(5))
    await eventually(async () => expect(await reader.read()).toHaveLength(2))
    const until = long.until.toISOString()
    expect(await reader.read()).toContainEqual({ service: 'ocis', state: 'open', until })

    // What another found out says nothing of the one that waits.
    two.publish('ocis', closed)
    two.publish('stalwart', closed)
    // Whoever tells has the entry alone for a moment, in which nobody sees it.
    await eventually(async () =>
      expect(await reader.read()).toEqual([{ service: 'ocis', state: 'open', until }]),
    )

    clock.advance(51_000)
    expect(await reader.read()).toEqual([{ service: 'ocis', state: 'half-open', until }])
    one.publish('ocis', closed)
    await eventually(async () => expect(await reader.read()).toEqual([]))
  })

  it('are not lost where many tell at once, and not kept where one is gone', async () => {
    const replicas = Array.from({ length: 6 }, board)
    for (const [index, replica] of replicas.entries()) replica.publish('authentik', open(10 + index))
    const [reader] = [board()]
    await eventually(async () =>
      expect(await reader?.read()).toMatchObject([{ until: inSeconds(15).toISOString() }]),
    )
    for (const replica of replicas.slice(0, 5)) replica.publish('authentik', closed)
    await eventually(async () => expect(await reader?.read()).toHaveLength(1))
    clock.advance(15_000 + 61_000)
    expect(await reader?.read()).toEqual([])
  })
})

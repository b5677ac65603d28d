import { describe, expect, it } from 'vitest'
import { IntegrationError } from '#server/lib/errors'
import { describeEachDatabase } from '../../../tests/harness/databases'
import { createShelf } from '../../../tests/harness/shelf'
import { createSweepShop } from '../../../tests/harness/sweeps'
import { closelyPerSweep } from './closely'

const hour = 3_600
const day = 24 * hour

describe('how many tenants a sweep looks at closely', () => {
  it.each([60, 600, hour, 7 * hour, 11 * hour, 13 * hour, day, 3 * day])(
    'is enough for all within a day where it comes every %i seconds',
    (everySeconds) => {
      for (const tenants of [0, 1, 23, 24, 25, 10_000]) {
        // One of them may come late.
        const sweeps = Math.max(1, Math.floor(day / everySeconds) - 1)
        expect(closelyPerSweep(tenants, everySeconds) * sweeps).toBeGreaterThanOrEqual(tenants)
        expect(closelyPerSweep(tenants, everySeconds)).toBeLessThanOrEqual(tenants)
      }
    },
  )

  it('is all of them where sweeps are asked for by hand', () => {
    expect(closelyPerSweep(10_000, 0)).toBe(10_000)
  })

  it('is not more than its part', () => {
    expect(closelyPerSweep(10_000, hour)).toBe(435)
  })
})

describeEachDatabase('looking closely', (given) => {
  const shop = createSweepShop(given)

  /** A service that lists nothing: what it holds is seen tenant by tenant. */
  function createUnlisted() {
    const { planner, ...shelf } = createShelf({ service: 'ocis', step: 'space' })
    const { survey: _, ...unlisted } = planner
    return { ...shelf, planner: unlisted }
  }
  const hourly = async (service: ReturnType<typeof createUnlisted>) => {
    shop.clock.advance(hour * 1000)
    await shop.sweeper([service], { everySeconds: hour }).work()
  }
  const record = () => given.database.client.provisioningSweep.findFirstOrThrow({ orderBy: { id: 'desc' } })
  const drift = async () =>
    (await given.database.client.resourceDrift.findMany()).map(({ what, status, tenantId }) => [
      what,
      status,
      tenantId,
    ])

  it('comes to everybody within a day, in turn', async () => {
    const service = createUnlisted()
    await shop.settle(50, [service])
    const seen = new Set<string>()
    for (let sweep = 0; sweep < 23; sweep++) {
      service.plans.length = 0
      await hourly(service)
      expect(service.plans.length).toBeLessThanOrEqual(closelyPerSweep(50, hour))
      for (const id of service.plans) seen.add(id)
    }
    expect(seen.size).toBe(50)
  })

  it('finds what was changed or is missing, and that it is over', async () => {
    const service = createUnlisted()
    const [one, two] = await shop.settle(2, [service])
    service.change(one.id)
    service.remove(two.id)
    await hourly(service)
    await hourly(service)
    expect((await drift()).sort()).toEqual(
      [
        ['changed', 'open', one.id],
        ['missing', 'open', two.id],
      ].sort(),
    )
    await given.database.client.resourceDrift.updateMany({ data: { status: 'ignored' } })
    await hourly(service)
    await hourly(service)
    expect((await drift()).map(([, status]) => status)).toEqual(['ignored', 'ignored'])
    service.put({ externalId: `thing-${one.id}`, name: one.slug, tenantId: one.id })
    service.put({ externalId: `thing-${two.id}`, name: two.slug, tenantId: two.id })
    await hourly(service)
    await hourly(service)
    expect((await drift()).map(([, status]) => status)).toEqual(['repaired', 'repaired'])
    expect(service.things.size).toBe(2)
  })

  it('waits for a service that is away, and comes back to whom it could not see', async () => {
    const service = createUnlisted()
    await shop.settle(1, [service])
    let failures = 2
    service.failWhere((what) =>
      what === 'plan' && failures-- > 0
        ? new IntegrationError({ service: 'ocis', kind: 'unavailable', message: 'It is away.' })
        : undefined,
    )
    service.plans.length = 0
    await hourly(service)
    expect(service.plans).toHaveLength(3)
    expect(await record()).toMatchObject({ status: 'done', failures: {}, tenants: 1 })
  })

  it('leaves the others to the next sweep where it stays away, and nobody is kept from their turn by one who fails', async () => {
    const service = createUnlisted()
    const [poison] = await shop.settle(20, [service])
    service.failWhere((what, id) =>
      what === 'plan' && id === poison.id
        ? new IntegrationError({ service: 'ocis', kind: 'unavailable', message: 'It is away.' })
        : undefined,
    )
    const daily = async () => {
      shop.clock.advance(day * 1000)
      await shop.sweeper([service], { everySeconds: day }).work()
    }
    service.plans.length = 0
    await daily()
    expect(await record()).toMatchObject({ status: 'failed', failures: { 'ocis/space': 'It is away.' } })
    await daily()
    expect(new Set(service.plans).size).toBe(20)
  })
})

import { beforeEach, expect, it } from 'vitest'
import { IntegrationError } from '#server/lib/errors'
import { describeEachDatabase } from '../../../tests/harness/databases'
import { createShelf } from '../../../tests/harness/shelf'
import { createSweepShop } from '../../../tests/harness/sweeps'

const outage = () =>
  new IntegrationError({ service: 'authentik', kind: 'unavailable', message: 'It is away.' })

describeEachDatabase('a sweep', (given) => {
  const shop = createSweepShop(given)
  let shelf: ReturnType<typeof createShelf>
  beforeEach(() => {
    shelf = createShelf({ pageSize: 2 })
  })

  const drift = async () => {
    const rows = await given.database.client.resourceDrift.findMany({ orderBy: { name: 'asc' } })
    return rows.map(({ what, status, tenantId }) => ({ what, status, tenantId }))
  }
  const record = () => given.database.client.provisioningSweep.findFirstOrThrow({ orderBy: { id: 'desc' } })

  it('finds what was changed, is missing or nobody’s, and that it is over', async () => {
    const [one, two] = await shop.settle(3, [shelf])
    await shop.sweep([shelf])
    expect(await drift()).toEqual([])
    expect(shelf.surveys).toEqual([null, '2'])

    shelf.change(one.id)
    shelf.remove(two.id)
    shelf.put({ externalId: 'zz', tenantId: 'of nobody' })
    await shop.sweep([shelf])
    expect(await drift()).toEqual([
      { what: 'changed', status: 'open', tenantId: one.id },
      { what: 'missing', status: 'open', tenantId: two.id },
      { what: 'unknown', status: 'open', tenantId: null },
    ])

    await given.database.client.resourceDrift.updateMany({ data: { status: 'accepted' } })
    await shop.sweep([shelf])
    expect((await drift()).map(({ status }) => status)).toEqual(['accepted', 'accepted', 'accepted'])

    shelf.change(one.id, 'by another hand')
    shelf.put({ externalId: `thing-${two.id}`, tenantId: two.id })
    shelf.things.delete('zz')
    await shop.sweep([shelf])
    expect((await drift()).map(({ status }) => status)).toEqual(['open', 'repaired', 'repaired'])
  })

  it('tells how much there is to be compared before it is compared', async () => {
    await shop.settle(3, [shelf])
    const seen: (number | null)[] = []
    const { survey } = shelf.planner
    const planner = {
      ...shelf.planner,
      async survey(...asked: Parameters<NonNullable<typeof survey>>) {
        seen.push((await record()).expected)
        return survey?.(...asked) ?? { found: [], next: null }
      },
    }
    await shop.sweep([{ ...shelf, planner }])
    expect(seen).toEqual([3, 3])
    expect(await record()).toMatchObject({ status: 'done', expected: 3, things: 3 })
  })

  it('shows what was changed by the name on record, not by one that another may have', async () => {
    const [one] = await shop.settle(1, [shelf])
    const theirs = { name: 'of-somebody-else', tenantId: 'somebody else', fingerprint: 'theirs' }
    shelf.put({ externalId: `thing-${one.id}`, ...theirs })
    await shop.sweep([shelf])
    expect(await given.database.client.resourceDrift.findMany()).toMatchObject([
      { what: 'changed', tenantId: one.id, name: one.slug },
    ])
  })

  it('is one, also where two replicas work at once', async () => {
    await shop.settle(3, [shelf])
    shop.clock.advance(61_000)
    await Promise.all([shop.sweeper([shelf]).work(), shop.sweeper([shelf]).work()])
    expect(shelf.surveys).toEqual([null, '2'])
    expect(await given.database.client.provisioningSweep.count()).toBe(1)
  })

  it('asks again for a page that failed, and goes on with the others meanwhile', async () => {
    const other = createShelf({ service: 'stalwart', step: 'domains' })
    const [one] = await shop.settle(3, [shelf, other])
    shelf.change(one.id)
    let failures = 3
    const order: string[] = []
    shelf.failWhere((what, cursor) => {
      if (what !== 'survey') return undefined
      order.push(`shelf ${cursor}`)
      return cursor === '2' && failures-- > 0 ? outage() : undefined
    })
    other.failWhere((what) => {
      if (what === 'survey') order.push('other')
      return undefined
    })
    await shop.sweep([shelf, other])
    expect(order).toEqual(['shelf null', 'shelf 2', 'other', 'shelf 2', 'shelf 2', 'shelf 2'])
    expect(await record()).toMatchObject({ status: 'done', failures: {}, pages: 3 })
    expect(await drift()).toMatchObject([{ what: 'changed' }])
  })

  it('waits as long as a service asks for', async () => {
    await shop.settle(1, [shelf])
    let failures = 1
    const limited = {
      service: 'authentik',
      kind: 'rate_limited',
      message: 'Slowly.',
      retryAfterSeconds: 90,
    } as const
    shelf.failWhere((what) =>
      what === 'survey' && failures-- > 0 ? new IntegrationError(limited) : undefined,
    )
    const before = shop.clock.now().getTime()
    await shop.sweep([shelf])
    expect(shop.clock.now().getTime() - before).toBeGreaterThanOrEqual(90_000)
    expect(await record()).toMatchObject({ status: 'done', failures: {} })
  })

  it('gives up on a service that stays away, says so, and takes nothing there for missing', async () => {
    const other = createShelf({ service: 'stalwart', step: 'domains' })
    const [one] = await shop.settle(1, [shelf, other])
    const asked = shelf.surveys.length
    shelf.things.clear()
    other.change(one.id)
    shelf.failWhere((what) => (what === 'survey' ? outage() : undefined))
    await shop.sweep([shelf, other])
    expect(shelf.surveys.length - asked).toBe(5)
    expect(await drift()).toMatchObject([{ what: 'changed' }])
    expect(await record()).toMatchObject({
      status: 'failed',
      activeKey: null,
      failures: { 'authentik/group': 'It is away.' },
    })
  })

  it('does not ask again where that is no use, and tells nothing that is not for operators', async () => {
    await shop.settle(1, [shelf])
    const asked = shelf.surveys.length
    const refused = { service: 'authentik', kind: 'rejected', message: 'It will not.' } as const
    shelf.failWhere((what) => (what === 'survey' ? new IntegrationError(refused) : undefined))
    await shop.sweep([shelf])
    expect(shelf.surveys.length - asked).toBe(1)
    expect(await record()).toMatchObject({ failures: { 'authentik/group': 'It will not.' } })

    shelf.failWhere((what) => (what === 'survey' ? new Error('not to be told') : undefined))
    await shop.sweep([shelf])
    expect(JSON.stringify((await record()).failures)).toMatch(/its log says more/)
  })

  it('ends with a service whose pages go round in a circle', async () => {
    await shop.settle(3, [shelf])
    const { survey } = shelf.planner
    shelf.planner.survey = async (cursor, signal) => ({ ...(await survey!(cursor, signal)), next: '2' })
    await shop.sweep([shelf])
    expect(await record()).toMatchObject({
      failures: { 'authentik/group': 'The service gives the same page again and again.' },
    })
    expect(await drift()).toEqual([])
  })

  it('takes nothing for missing that slipped onto a page which was read already', async () => {
    const [first, , third] = await shop.settle(4, [shelf])
    shelf.failWhere((what, cursor) => {
      // Of the first page something goes, while the second is asked for.
      if (what === 'survey' && cursor === '2') shelf.remove(first.id)
      return undefined
    })
    await shop.sweep([shelf])
    expect(shelf.things.has(`thing-${third.id}`)).toBe(true)
    // What went was seen, and is missing at the next sweep.
    expect(await drift()).toEqual([])
    await shop.sweep([shelf])
    expect(await drift()).toEqual([{ what: 'missing', status: 'open', tenantId: first.id }])
  })

  it('judges nothing that came, was taken over or purged while it went', async () => {
    const [one, two] = await shop.settle(2, [shelf])
    shelf.put({ externalId: 'left', tenantId: two.id })
    let isBusy = false
    const { survey } = shelf.planner
    shelf.planner.survey = async (cursor, signal) => {
      const page = await survey!(cursor, signal)
      if (cursor !== null || isBusy) return page
      isBusy = true
      // After the page was made: one adopts another thing, two is purged, and three comes.
      shelf.change(one.id)
      await shop.reconcileAll([shelf])
      await shop.purge(two.id)
      await shop.settle(1, [shelf])
      return page
    }
    await shop.sweep([shelf])
    expect(await drift()).toEqual([])
  })
})

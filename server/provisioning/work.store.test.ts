import { beforeAll, expect, it } from 'vitest'
import type { Database } from '#server/storage/database'
import { describeEachDatabase } from '../../tests/harness/databases'
import { createManualClock, createWorkshop } from '../../tests/harness/provisioning'
import { createRowsQueue } from './queue.store'
import { workStore } from './work.store'

const leaseMs = 15_000

describeEachDatabase("a tenant's lease", (given) => {
  const shop = createWorkshop(given)
  let another: Database
  beforeAll(async () => {
    another = await given.openAnother()
  })

  const storeOver = (database: Database, clock = shop.clock) =>
    workStore({
      database,
      clock,
      leaseMs,
      auditOf: () => ({ record: () => Promise.resolve() }),
      isConfigured: ({ service }) => service === 'authentik',
    })

  const due = () => createRowsQueue(given.database, shop.clock, leaseMs).due(10)

  it('has one winner, however many want it at once', async () => {
    const [one, other] = [storeOver(given.database), storeOver(another)]
    for (let count = 0; count < 5; count++) {
      const { id } = await shop.createTenant()
      const wanted = [one, other, one, other].map((store, index) => store.claim(id, `pass-${index}`))
      const claims = (await Promise.all(wanted)).filter((claim) => claim !== null)
      expect(claims).toHaveLength(1)
      expect((await shop.state(id)).step('authentik').attempt).toBe(1)
    }
  })

  it('is taken only when it is free or over, and then with a higher number', async () => {
    const { id } = await shop.createTenant()
    const store = storeOver(given.database)
    const first = await store.claim(id, 'first')
    expect(first).toMatchObject({ fence: 1, leaseUntil: new Date(shop.clock.now().getTime() + leaseMs) })
    shop.clock.advance(leaseMs - 1)
    expect(await store.claim(id, 'too early')).toBeNull()
    expect((await due()).due).toEqual([])
    shop.clock.advance(1)
    expect((await due()).due).toEqual([id])
    const second = await store.claim(id, 'second')
    expect(second).toMatchObject({ fence: 2 })

    if (!first || !second) throw new Error('Both had it')
    const late = storeOver(given.database, createManualClock(first.leaseUntil))
    expect(await late.renew(first)).toBeNull()
    await late.release(first)
    expect((await shop.state(id)).leaseUntil).toEqual(second.leaseUntil)
    await store.release(second)
    expect((await shop.state(id)).leaseUntil).toBeNull()
  })

  it('is not to be had where nothing is due', async () => {
    const store = storeOver(given.database)
    const { id } = await shop.createTenant()
    await given.database.client.provisioningStep.updateMany({
      where: { tenantId: id },
      data: { nextAttemptAt: new Date(shop.clock.now().getTime() + 1) },
    })
    expect(await store.claim(id, 'early')).toBeNull()
    expect(await due()).toEqual({ due: [], nextAt: new Date(shop.clock.now().getTime() + 1) })
    expect(await store.claim('no such tenant', 'nobody')).toBeNull()
  })

  it('is not held on to where all that was due is settled with taking it', async () => {
    const { id } = await shop.createTenant()
    await given.database.client.provisioningStep.updateMany({
      where: { tenantId: id, service: 'authentik' },
      data: { status: 'ok', nextAttemptAt: null },
    })
    expect(await storeOver(given.database).claim(id, 'pass')).toMatchObject({ steps: [] })
    expect(await shop.state(id)).toMatchObject({ status: 'active', leaseUntil: null })
  })
})

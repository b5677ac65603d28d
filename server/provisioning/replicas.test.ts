import { beforeAll, describe, expect, it } from 'vitest'
import { createLocalSignals } from '#server/storage/signals-local'
import type { Database } from '#server/storage/database'
import { describeEachDatabase } from '../../tests/harness/databases'
import {
  createLatch,
  createManualClock,
  createService,
  createWorkshop,
  eventually,
  silent,
} from '../../tests/harness/provisioning'

const leaseMs = 15_000

describeEachDatabase('replicas', (given) => {
  const shop = createWorkshop(given)
  let another: Database
  beforeAll(async () => {
    another = await given.openAnother()
  })

  it('work on each tenant once, whoever takes it', async () => {
    const authentik = createService()
    const tenants = []
    for (let count = 0; count < 30; count++) tenants.push(await shop.createTenant())

    const own = () => ({ signals: createLocalSignals(silent), pollMs: 25 })
    shop.start([authentik], own())
    shop.start([authentik], { ...own(), database: another })
    for (const tenant of tenants) {
      const state = await shop.reached(tenant.id, 'active')
      expect(state.runs).toEqual([{ cause: 'created', status: 'done', ended: true }])
      expect(state.activations).toBe(1)
      expect(state.step('authentik').attempt).toBe(1)
    }
    expect(authentik.calls.map(({ id }) => id).sort()).toEqual(tenants.map(({ id }) => id).sort())
  })

  it('leave a tenant alone while another renews its lease', async () => {
    const latch = createLatch()
    const slow = createService()
    slow.next(async (tenant, signal) => {
      await latch.opened
      return slow.succeed(tenant, signal)
    })
    shop.start([slow], { leaseMs, renewMs: 5 })
    const tenant = await shop.createTenant()
    const first = await shop.stepReached(tenant.id, 'authentik', 'running')

    const idle = createService()
    const second = shop.start([idle], { database: another })
    for (let count = 0; count < 3; count++) {
      const before = (await shop.state(tenant.id)).leaseUntil?.getTime() ?? 0
      shop.clock.advance(leaseMs / 2)
      await eventually(async () =>
        expect((await shop.state(tenant.id)).leaseUntil?.getTime()).toBe(before + leaseMs / 2),
      )
      second.look()
    }
    expect(first.attempt).toBe(1)
    latch.open()
    const state = await shop.reached(tenant.id, 'active')
    expect(state.step('authentik').attempt).toBe(1)
    expect(idle.calls).toHaveLength(0)
  })

  describe('take over from one that was not heard of until its lease ended', () => {
    /** A worker whose clock stands still: like a process that was stopped, it believes that it has its lease. */
    async function pausedWorker() {
      const tenant = await shop.createTenant()
      const latch = createLatch()
      const paused = createService()
      paused.next(async () => {
        await latch.opened
        return { externalId: 'made-by-the-paused-worker' }
      })
      const clock = createManualClock(shop.clock.now())
      const worker = shop.start([paused], { clock, leaseMs, renewMs: 3_600_000 })
      await shop.stepReached(tenant.id, 'authentik', 'running')
      shop.clock.advance(leaseMs)
      return { tenant, latch, worker }
    }

    it('and it writes nothing after they are done', async () => {
      const { tenant, latch, worker } = await pausedWorker()
      const authentik = createService()
      shop.start([authentik], { database: another })
      await shop.reached(tenant.id, 'active')
      await eventually(async () => expect((await shop.state(tenant.id)).leaseUntil).toBeNull())

      const before = await shop.state(tenant.id)
      latch.open()
      await worker.stop()
      const after = await shop.state(tenant.id)
      expect(after).toEqual({ ...before, step: after.step })
      expect(after.step('authentik').externalId).toBe(authentik.made.get(tenant.id))
    })

    it('and it writes nothing while they are at it', async () => {
      const { tenant, latch, worker } = await pausedWorker()
      const successors = createLatch()
      const authentik = createService()
      authentik.next(async (...input) => {
        await successors.opened
        return authentik.succeed(...input)
      })
      shop.start([authentik], { database: another })
      await eventually(async () => expect((await shop.state(tenant.id)).step('authentik').attempt).toBe(2))

      const before = await shop.state(tenant.id)
      latch.open()
      await worker.stop()
      const after = await shop.state(tenant.id)
      expect(after).toEqual({ ...before, step: after.step })
      expect(after.leaseUntil).not.toBeNull()

      successors.open()
      const end = await shop.reached(tenant.id, 'active')
      expect(end.runs).toEqual([{ cause: 'created', status: 'done', ended: true }])
    })

    it('which notices by itself when its time is over, and begins anew if nobody did', async () => {
      const tenant = await shop.createTenant()
      const signals: AbortSignal[] = []
      const authentik = createService()
      authentik.next((_, signal) => {
        signals.push(signal)
        return new Promise(() => {})
      })
      shop.start([authentik], { leaseMs, renewMs: 5 })
      await eventually(() => expect(signals).toHaveLength(1))
      shop.clock.advance(leaseMs)
      const state = await shop.reached(tenant.id, 'active')
      expect(signals.map(({ aborted }) => aborted)).toEqual([true])
      expect(state.step('authentik')).toMatchObject({ attempt: 2, externalId: authentik.made.get(tenant.id) })
    })
  })

  describe('that stop', () => {
    it('let what is under way finish within the time of grace', async () => {
      const latch = createLatch()
      const authentik = createService()
      authentik.next(async (...input) => {
        await latch.opened
        return authentik.succeed(...input)
      })
      const worker = shop.start([authentik])
      const tenant = await shop.createTenant()
      await shop.stepReached(tenant.id, 'authentik', 'running')
      const stopped = worker.stop(5_000)
      const late = await shop.createTenant()
      latch.open()
      await stopped

      const state = await shop.state(tenant.id)
      expect(state).toMatchObject({ status: 'active', leaseUntil: null })
      expect((await shop.state(late.id)).step('authentik')).toMatchObject({ status: 'pending', attempt: 0 })
    })

    it('begin nothing new, even where it was about to be', async () => {
      const begun = createLatch()
      const latch = createLatch()
      let entered = 0
      const database: Database = {
        ...given.database,
        transaction: async (work) => {
          entered += 1
          begun.open()
          await latch.opened
          return given.database.transaction(work)
        },
      }
      // More than are written side by side: one at least waits for its turn.
      const tenants = []
      for (let count = 0; count < 5; count++) tenants.push(await shop.createTenant())
      const worker = shop.start([createService()], { database, concurrency: tenants.length })
      await begun.opened
      const stopped = worker.stop(5_000)
      const claimed = entered
      latch.open()
      await stopped
      const states = await Promise.all(tenants.map(({ id }) => shop.state(id)))
      expect(claimed).toBeLessThan(tenants.length)
      expect(states.filter(({ status }) => status === 'active')).toHaveLength(claimed)
      for (const state of states.filter(({ status }) => status !== 'active'))
        expect(state.step('authentik')).toMatchObject({ status: 'pending', attempt: 0 })
    })

    it('cut off what heeds its signal and what does not, and leave it pending for the next', async () => {
      const authentik = createService()
      const stalwart = createService('stalwart', 'domains')
      authentik.next(() => new Promise(() => {}))
      stalwart.next(
        (_, signal) =>
          new Promise((_, reject) =>
            signal.addEventListener('abort', () => reject(new Error('This was aborted'))),
          ),
      )
      const worker = shop.start([authentik, stalwart])
      const tenant = await shop.createTenant()
      await eventually(() => expect([...authentik.calls, ...stalwart.calls]).toHaveLength(2))
      const begun = performance.now()
      await worker.stop(20)
      expect(performance.now() - begun).toBeLessThan(2_000)

      const cut = await shop.state(tenant.id)
      expect(cut.services).toMatchObject({ authentik: 'pending', stalwart: 'pending' })
      expect(cut.step('stalwart')).toMatchObject({ error: null, nextAttemptAt: shop.clock.now() })
      expect(cut.leaseUntil).toBeNull()
      expect(cut.runs).toEqual([{ cause: 'created', status: 'running', ended: false }])

      shop.start([authentik, stalwart], { database: another })
      const end = await shop.reached(tenant.id, 'active')
      expect(end.runs).toEqual([{ cause: 'created', status: 'done', ended: true }])
    })

    it('end even where the database does not answer any more', async () => {
      const latch = createLatch()
      const database = { ...given.database, client: given.database.client }
      const authentik = createService()
      authentik.next(() => latch.opened.then(() => ({ externalId: 'x' })))
      const worker = shop.start([authentik], { database })
      const tenant = await shop.createTenant()
      await shop.stepReached(tenant.id, 'authentik', 'running')
      Object.assign(database, { transaction: () => new Promise(() => {}) })
      latch.open()
      const begun = performance.now()
      await worker.stop(20)
      expect(performance.now() - begun).toBeLessThan(4_000)
    })

    it('may be told so twice, and before they started', async () => {
      const worker = shop.reconciler([createService()])
      await Promise.all([worker.stop(), worker.stop()])
      worker.start()
      expect(worker.running).toBe(false)
    })
  })
})

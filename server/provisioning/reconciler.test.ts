import { describe, expect, it } from 'vitest'
import { IntegrationError } from '#server/lib/errors'
import { updateTenant } from '#server/domain/tenants/tenants'
import { createLocalSignals } from '#server/storage/signals-local'
import { describeEachDatabase } from '../../tests/harness/databases'
import {
  createLatch,
  createService,
  createWorkshop,
  eventually,
  silent,
} from '../../tests/harness/provisioning'

const unavailable = (retryAfterSeconds?: number) =>
  new IntegrationError({
    service: 'authentik',
    kind: 'unavailable',
    message: 'Authentik did not create the group acme: it answered with an HTML page in place of JSON (502)',
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  })

describeEachDatabase('the reconciler', (given) => {
  const shop = createWorkshop(given)

  describe('with every service in order', () => {
    it('brings a new tenant about, and makes it active with its last step', async () => {
      const authentik = createService()
      const stalwart = createService('stalwart', 'domains')
      shop.start([authentik, stalwart])
      const tenant = await shop.createTenant('Acme')

      const state = await shop.reached(tenant.id, 'active')

      expect(state.services).toEqual({ authentik: 'ok', stalwart: 'ok', ocis: 'skipped', mail: 'skipped' })
      expect(state.step('authentik')).toMatchObject({
        attempt: 1,
        error: null,
        reason: null,
        nextAttemptAt: null,
      })
      expect(state.step('authentik').externalId).toBe(authentik.made.get(tenant.id))
      expect(state.step('ocis')).toMatchObject({ attempt: 0, reason: 'not configured', nextAttemptAt: null })
      expect(state.runs).toEqual([{ cause: 'created', status: 'done', ended: true }])
      expect(state.activations).toBe(1)
      expect(authentik.calls).toMatchObject([{ id: tenant.id, slug: tenant.slug, name: 'Acme' }])
      await eventually(async () => expect((await shop.state(tenant.id)).leaseUntil).toBeNull())
    })

    it('needs no service at all', async () => {
      shop.start([])
      const tenant = await shop.createTenant()
      const state = await shop.reached(tenant.id, 'active')
      expect(new Set(Object.values(state.services))).toEqual(new Set(['skipped']))
      expect(state.runs).toEqual([{ cause: 'created', status: 'done', ended: true }])
      expect(state.leaseUntil).toBeNull()
    })

    it('looks again when it is asked to, and changes nothing that is right already', async () => {
      const authentik = createService()
      shop.start([authentik])
      const tenant = await shop.createTenant()
      const before = await shop.reached(tenant.id, 'active')

      await shop.reconcile(await shop.scopeOf(tenant.slug))
      await eventually(() => expect(authentik.plans).toHaveLength(3))

      const after = await shop.stepReached(tenant.id, 'authentik', 'ok')
      expect(after.externalId).toBe(before.step('authentik').externalId)
      expect(authentik.calls).toHaveLength(1)
      await eventually(async () =>
        expect((await shop.state(tenant.id)).runs).toEqual([
          { cause: 'created', status: 'done', ended: true },
          { cause: 'requested', status: 'done', ended: true },
        ]),
      )
      expect((await shop.state(tenant.id)).activations).toBe(1)
    })

    it('works through more tenants than it takes at a time, none of them twice', async () => {
      const authentik = createService()
      const three = createLatch()
      let now = 0
      let most = 0
      const counting = async (...[tenant, signal]: Parameters<typeof authentik.succeed>) => {
        most = Math.max(most, ++now)
        if (now === 3) three.open()
        await three.opened
        now -= 1
        return authentik.succeed(tenant, signal)
      }
      authentik.next(...Array.from({ length: 20 }, () => counting))
      const tenants = []
      for (let count = 0; count < 20; count++) tenants.push(await shop.createTenant())

      shop.start([authentik], { concurrency: 3 })
      for (const tenant of tenants) await shop.reached(tenant.id, 'active')

      expect(authentik.calls.map(({ id }) => id).sort()).toEqual(tenants.map(({ id }) => id).sort())
      expect(most).toBe(3)
    })

    it('takes those first that wait longest', async () => {
      const authentik = createService()
      const tenants: { id: string; slug: string }[] = []
      for (let count = 0; count < 5; count++) {
        tenants.push(await shop.createTenant())
        shop.clock.advance(1000)
      }
      // Asked for again, the first one waits behind the others.
      await shop.reconcile(await shop.scopeOf(tenants[0]?.slug ?? ''))
      shop.start([authentik], { concurrency: 1 })
      await eventually(() => expect(authentik.calls).toHaveLength(5))
      expect(authentik.calls.map(({ id }) => id)).toEqual([1, 2, 3, 4, 0].map((index) => tenants[index]?.id))
    })
  })

  describe('where it is asked for again meanwhile', () => {
    it('does not take what it did for the older asking as the answer to the newer', async () => {
      const authentik = createService()
      const begun = createLatch()
      const latch = createLatch()
      authentik.next(async (tenant, signal) => {
        begun.open()
        await latch.opened
        return authentik.succeed(tenant, signal)
      })
      shop.start([authentik])
      const tenant = await shop.createTenant('Acme')
      await begun.opened

      await updateTenant(await shop.scopeOf(tenant.slug), { name: 'Acme International' })
      latch.open()

      const state = await shop.reached(tenant.id, 'active')
      expect(new Set(authentik.plans.map(({ name }) => name))).toEqual(
        new Set(['Acme', 'Acme International']),
      )
      expect(state.step('authentik').externalId).toBe(authentik.made.get(tenant.id))
      expect(state.runs.map(({ cause, status }) => `${cause} ${status}`)).toEqual([
        'created done',
        'changed done',
      ])
    })

    it('keeps what an outdated attempt made, so that it is known', async () => {
      const authentik = createService()
      const begun = createLatch()
      const again = createLatch()
      const latch = createLatch()
      authentik.next(
        async (tenant, signal) => {
          begun.open()
          await latch.opened
          return authentik.succeed(tenant, signal)
        },
        async () => {
          again.open()
          throw unavailable()
        },
      )
      shop.start([authentik])
      const tenant = await shop.createTenant()
      await begun.opened
      await shop.reconcile(await shop.scopeOf(tenant.slug))
      latch.open()
      await again.opened
      const step = await shop.stepReached(tenant.id, 'authentik', 'error')
      expect(step).toMatchObject({ attempt: 1, externalId: authentik.made.get(tenant.id) })
      expect(step.state.status).toBe('pending')
    })
  })

  describe('finds what is due', () => {
    it('without any signal', async () => {
      const authentik = createService()
      shop.start([authentik], { signals: createLocalSignals(silent), pollMs: 20 })
      const tenant = await shop.createTenant()
      await shop.reached(tenant.id, 'active')
    })

    it('that was there before it started', async () => {
      const tenant = await shop.createTenant()
      shop.start([createService()])
      await shop.reached(tenant.id, 'active')
    })

    it.each(['suspended', 'archived', 'deleting'] as const)(
      'of a tenant that is %s too, which is to be closed then',
      async (status) => {
        const { id } = await shop.createTenant()
        await given.database.client.tenant.update({ where: { id }, data: { status } })
        const authentik = createService()
        shop.start([authentik])
        const step = await shop.stepReached(id, 'authentik', 'ok')
        expect(authentik.calls).toMatchObject([{ id, state: 'closed' }])
        expect(step.state.status).toBe(status)
      },
    )
  })

  describe('when a service becomes configured', () => {
    it('takes up the steps that were skipped for it, and no others', async () => {
      const stalwart = createService('stalwart', 'domains')
      const tenant = await shop.createTenant()
      const before = shop.start([stalwart])
      await shop.reached(tenant.id, 'active')
      await before.stop()

      const authentik = createService()
      shop.start([stalwart, authentik])
      const step = await shop.stepReached(tenant.id, 'authentik', 'ok')
      expect(step).toMatchObject({ attempt: 1, reason: null, externalId: authentik.made.get(tenant.id) })
      expect(step.state.services).toEqual({
        authentik: 'ok',
        stalwart: 'ok',
        ocis: 'skipped',
        mail: 'skipped',
      })
      await eventually(async () => {
        const { runs } = await shop.state(tenant.id)
        expect(runs.map(({ cause, status }) => `${cause} ${status}`)).toEqual([
          'created done',
          'changed done',
        ])
      })
      expect(stalwart.plans).toHaveLength(2)
    })
  })

  it('says whether it can find out what is due', async () => {
    const database = { ...given.database, client: given.database.client }
    const reconciler = shop.reconciler([], { database, pollMs: 10 })
    expect(reconciler.running).toBe(false)
    reconciler.start()
    expect(reconciler.running).toBe(true)
    const broken = new Proxy(given.database.client, {
      get: () => {
        throw new Error('The database is out of reach')
      },
    })
    Object.assign(database, { client: broken })
    await eventually(() => expect(reconciler.running).toBe(false))
    Object.assign(database, { client: given.database.client })
    await eventually(() => expect(reconciler.running).toBe(true))
    await reconciler.stop()
    expect(reconciler.running).toBe(false)
  })
})

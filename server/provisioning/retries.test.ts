import { expect, it } from 'vitest'
import { systemClock } from '#server/lib/clock'
import { IntegrationError } from '#server/lib/errors'
import { createLog } from '#server/lib/log'
import { describeEachDatabase } from '../../tests/harness/databases'
import { createService, createWorkshop, eventually } from '../../tests/harness/provisioning'
import type { PlannedChange, StepPlanner } from './step-planner.port'

const unavailable = (retryAfterSeconds?: number) =>
  new IntegrationError({
    service: 'authentik',
    kind: 'unavailable',
    message: 'Authentik did not create the group acme: it answered with an HTML page in place of JSON (502)',
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  })

describeEachDatabase('where a service fails, the reconciler', (given) => {
  const shop = createWorkshop(given)

  it('says why, goes on with the others, and tries again after a while', async () => {
    const authentik = createService()
    const stalwart = createService('stalwart', 'domains')
    authentik.fail(unavailable())
    authentik.fail(unavailable())
    const reconciler = shop.start([authentik, stalwart])
    const tenant = await shop.createTenant()

    const first = await shop.stepReached(tenant.id, 'authentik', 'error')
    expect(first).toMatchObject({ attempt: 1, error: unavailable().message })
    expect(first.nextAttemptAt).toEqual(new Date(shop.clock.now().getTime() + 2_000))
    await shop.stepReached(tenant.id, 'stalwart', 'ok')
    await eventually(async () =>
      expect((await shop.state(tenant.id)).runs).toEqual([
        { cause: 'created', status: 'failed', ended: true },
      ]),
    )
    expect((await shop.state(tenant.id)).status).toBe('pending')

    shop.clock.advance(2_000)
    reconciler.look()
    await eventually(async () => expect((await shop.state(tenant.id)).step('authentik').attempt).toBe(2))
    const second = await shop.stepReached(tenant.id, 'authentik', 'error')
    expect(second.nextAttemptAt).toEqual(new Date(shop.clock.now().getTime() + 4_000))

    shop.clock.advance(4_000)
    reconciler.look()
    const state = await shop.reached(tenant.id, 'active')
    expect(state.step('authentik')).toMatchObject({
      status: 'ok',
      attempt: 3,
      error: null,
      nextAttemptAt: null,
    })
    expect(state.runs.map(({ cause, status }) => `${cause} ${status}`)).toEqual([
      'created failed',
      'retry failed',
      'retry done',
    ])
    // What had succeeded was not tried again.
    expect(stalwart.calls).toHaveLength(1)
  })

  it('looks again soon, as often as it takes, where a service is still at it, and takes that for no failure', async () => {
    const words = 'Stalwart is still making the DKIM keys of acme.example.'
    const notYet = () => new IntegrationError({ service: 'authentik', kind: 'not_yet', message: words })
    const authentik = createService()
    for (let count = 0; count < 6; count++) authentik.fail(notYet())
    const reconciler = shop.start([authentik])
    const tenant = await shop.createTenant()
    for (let count = 1; count <= 6; count++) {
      await eventually(async () => {
        const step = (await shop.state(tenant.id)).step('authentik')
        expect(step).toMatchObject({ status: 'pending', attempt: 0, reason: words, error: null })
        expect(step.nextAttemptAt).toEqual(new Date(shop.clock.now().getTime() + 2_000))
      })
      shop.clock.advance(2_000)
      reconciler.look()
    }
    const state = await shop.reached(tenant.id, 'active')
    expect(state.step('authentik')).toMatchObject({ status: 'ok', attempt: 1, reason: null })
    expect(state.runs.map(({ cause, status }) => `${cause} ${status}`)).toEqual(['created done'])
  })

  it('counts anew from where a step got on', async () => {
    const made = new Set<string>()
    const failures: (string | undefined)[] = ['first', 'first', 'second', undefined]
    const change = (name: string): PlannedChange => ({
      ...{ action: 'create', kind: 'group', name },
      async apply() {
        if (failures[0] === name) throw unavailable()
        made.add(name)
      },
    })
    const planner: StepPlanner = {
      ...createService().planner,
      plan: async () => ({
        resources: [],
        notes: [],
        changes: ['first', 'second'].filter((name) => !made.has(name)).map(change),
      }),
    }
    const reconciler = shop.start([{ planner }])
    const tenant = await shop.createTenant()
    for (const [attempt, seconds] of [
      [1, 2],
      [2, 4],
      [1, 2],
    ] as const) {
      const nextAttemptAt = new Date(shop.clock.now().getTime() + seconds * 1000)
      await eventually(async () =>
        expect((await shop.state(tenant.id)).step('authentik')).toMatchObject({
          ...{ status: 'error', attempt, nextAttemptAt },
        }),
      )
      failures.shift()
      shop.clock.advance(seconds * 1000)
      reconciler.look()
    }
    await shop.reached(tenant.id, 'active')
  })

  it('does not try before its time', async () => {
    const authentik = createService()
    authentik.fail(unavailable())
    const reconciler = shop.start([authentik])
    const tenant = await shop.createTenant()
    await shop.stepReached(tenant.id, 'authentik', 'error')

    shop.clock.advance(1_999)
    reconciler.look()
    // Whoever came later is served, and it is not.
    const other = await shop.createTenant()
    await shop.reached(other.id, 'active')
    expect(authentik.calls.map(({ id }) => id)).toEqual([tenant.id, other.id])
  })

  it('wakes by itself when the time has come', async () => {
    const authentik = createService()
    authentik.fail(unavailable())
    shop.start([authentik], { clock: systemClock, random: () => 0 })
    const tenant = await shop.createTenant('Acme', systemClock)
    await shop.stepReached(tenant.id, 'authentik', 'error')
    const state = await shop.reached(tenant.id, 'active')
    expect(state.step('authentik').attempt).toBe(2)
  })

  it('waits as long as the service asks for', async () => {
    const authentik = createService()
    authentik.fail(unavailable(90))
    shop.start([authentik])
    const tenant = await shop.createTenant()
    const step = await shop.stepReached(tenant.id, 'authentik', 'error')
    expect(step.nextAttemptAt).toEqual(new Date(shop.clock.now().getTime() + 90_000))
  })

  it('leaves what waiting can not help until somebody asks', async () => {
    const authentik = createService()
    const message = 'Authentik has a group acme that Tenantry did not make'
    authentik.fail(new IntegrationError({ service: 'authentik', kind: 'conflict', message }))
    const reconciler = shop.start([authentik])
    const tenant = await shop.createTenant()
    const step = await shop.stepReached(tenant.id, 'authentik', 'error')
    expect(step).toMatchObject({ error: message, nextAttemptAt: null })

    shop.clock.advance(86_400_000)
    reconciler.look()
    const other = await shop.createTenant()
    await shop.reached(other.id, 'active')
    expect((await shop.state(tenant.id)).step('authentik')).toMatchObject({ status: 'error', attempt: 1 })

    await shop.reconcile(await shop.scopeOf(tenant.slug))
    const state = await shop.reached(tenant.id, 'active')
    expect(state.step('authentik')).toMatchObject({ status: 'ok', attempt: 1, error: null })
  })

  it('tells people nothing of an error that it does not know, and the log what to look for', async () => {
    const lines: string[] = []
    const log = createLog('info', { write: (line) => void lines.push(line) })
    const authentik = createService()
    authentik.fail(
      Object.assign(new TypeError('x is not a function'), { request: { authorization: 'Bearer s3cret' } }),
    )
    shop.start([authentik], { log })
    const tenant = await shop.createTenant()
    const step = await shop.stepReached(tenant.id, 'authentik', 'error')
    expect(step.error).toBe(
      'Something unexpected went wrong. It will be tried again; the log has the details.',
    )
    expect(step.nextAttemptAt).not.toBeNull()
    expect(lines.join()).toContain('x is not a function')
    expect(lines.join()).not.toContain('s3cret')
  })

  it('gives up on a service that never answers', async () => {
    const authentik = createService()
    authentik.next(() => new Promise(() => {}))
    shop.start([authentik], { stepTimeoutMs: 30 })
    const tenant = await shop.createTenant()
    const step = await shop.stepReached(tenant.id, 'authentik', 'error')
    expect(step.error).toBe('It did not finish within 0.03 seconds.')
    expect(step.nextAttemptAt).not.toBeNull()
  })

  it('remembers the last 20 retries, and every run that somebody asked for', async () => {
    const authentik = createService()
    for (let count = 0; count < 25; count++) authentik.fail(unavailable())
    const reconciler = shop.start([authentik])
    const tenant = await shop.createTenant()
    for (let attempt = 1; attempt <= 25; attempt++) {
      await eventually(async () =>
        expect((await shop.state(tenant.id)).step('authentik')).toMatchObject({ status: 'error', attempt }),
      )
      shop.clock.advance(300_000)
      reconciler.look()
    }
    const { runs } = await shop.reached(tenant.id, 'active')
    expect(runs.map(({ cause }) => cause)).toEqual(['created', ...Array.from({ length: 20 }, () => 'retry')])
    expect(runs.at(-1)).toMatchObject({ status: 'done' })
  })
})

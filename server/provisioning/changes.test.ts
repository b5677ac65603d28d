import { afterEach, describe, expect, it } from 'vitest'
import { StepEvent } from '#shared/contracts/provisioning'
import type { TenantScope } from '#server/scope'
import { createLocalSignals } from '#server/storage/signals-local'
import { describeEachDatabase } from '../../tests/harness/databases'
import {
  createLatch,
  createService,
  createWorkshop,
  eventually,
  silent,
} from '../../tests/harness/provisioning'
import { watchSteps, type StepChange } from './changes'
import { askedChannel, changedChannel } from './channels'
import { getProvisioning } from './provisioning'
import { stepKey, tenantSteps } from './steps'

const line = ({ id, data }: StepChange) => `${id} ${stepKey(data.step)} ${data.step.status} ${data.status}`

/** How many changes there are of a tenant that was just made. */
const asked = tenantSteps.length

describeEachDatabase('watchSteps', (given) => {
  const shop = createWorkshop(given)
  const opened: AbortController[] = []
  afterEach(() => opened.splice(0).forEach((controller) => controller.abort()))

  type Options = Partial<Parameters<typeof watchSteps>[2]> & { signals?: typeof shop.signals }
  function watch(scope: TenantScope, { signals = shop.signals, ...options }: Options = {}) {
    const controller = new AbortController()
    opened.push(controller)
    const changes = watchSteps(scope, signals, { signal: controller.signal, pollMs: 60_000, ...options })
    return {
      end: () => controller.abort(),
      changes,
      next: async () => {
        const { value } = await changes.next()
        if (!value) throw new Error('The changes have ended')
        StepEvent.parse(value.data)
        return value
      },
      /** Reads until a change fulfils the condition, that one included. */
      async until(condition: (change: StepChange) => boolean) {
        const seen: StepChange[] = []
        while (!seen.length || !condition(seen.at(-1) as StepChange)) seen.push(await this.next())
        return seen
      },
    }
  }

  async function newTenant() {
    const { id, slug } = await shop.createTenant()
    return { id, slug, scope: await shop.scopeOf(slug) }
  }

  it('begins with every step, in the order of their changes', async () => {
    const { scope } = await newTenant()
    const watching = watch(scope)
    const first = await watching.until(({ id }) => id === asked)
    expect(first.map(line)).toEqual(
      tenantSteps.map((step, index) => `${index + 1} ${stepKey(step)} pending pending`),
    )
  })

  it('goes on with what changes, until the tenant is active', async () => {
    const { scope, id } = await newTenant()
    const begun = createLatch()
    const latch = createLatch()
    const authentik = createService()
    authentik.next(async (...input) => {
      begun.open()
      await latch.opened
      return authentik.succeed(...input)
    })
    const watching = watch(scope, { after: asked })
    const running = watching.next()
    shop.start([authentik])
    expect(line(await running)).toBe('8 authentik/group running pending')
    await begun.opened
    const skipped = [await watching.next(), await watching.next(), await watching.next()]
    expect(skipped.map(line)).toEqual([
      '9 stalwart/domains skipped pending',
      '10 stalwart/accounts skipped pending',
      '11 ocis/space skipped pending',
    ])
    latch.open()
    const [done, ...freed] = await watching.until(({ data }) => data.step.service === 'mail')
    expect(done && line(done)).toBe('12 authentik/group ok active')
    expect(done?.data.step.externalId).toBe(authentik.made.get(id))
    // What waited for it.
    expect(freed.map(line)).toEqual([
      '13 authentik/members skipped active',
      '14 ocis/members skipped active',
      '15 mail/onboarding skipped active',
    ])
  })

  it('goes on behind the last change that was seen, with neither a gap nor anything twice', async () => {
    const { scope } = await newTenant()
    const authentik = createService()
    for (let count = 0; count < 5; count++) authentik.fail(new Error('This failed'))
    const worker = shop.start([authentik])
    const newest = new Map<string, string>()
    const ids: number[] = []
    for (let after: number | undefined; ;) {
      // A connection that is cut after each change.
      const watching = watch(scope, { ...(after !== undefined && { after }) })
      const change = await watching.next()
      watching.end()
      expect((await watching.changes.next()).done).toBe(true)
      ids.push((after = change.id))
      newest.set(stepKey(change.data.step), change.data.step.status)
      if (change.data.status === 'active' && change.data.step.service === 'mail') break
      if (change.data.step.status === 'error') {
        shop.clock.advance(300_000)
        worker.look()
      }
    }
    expect(ids).toEqual([...new Set(ids)].sort((a, b) => a - b))
    const { steps, sequence } = await getProvisioning(scope)
    expect(Object.fromEntries(newest)).toEqual(
      Object.fromEntries(steps.map((step) => [stepKey(step), step.status])),
    )
    expect(ids.at(-1)).toBe(sequence)
  })

  it('goes on behind the state that was read, wherever that was', async () => {
    const { scope, id } = await newTenant()
    shop.start([createService()])
    await shop.reached(id, 'active')
    const { sequence } = await getProvisioning(scope)
    const watching = watch(scope, { after: sequence })
    const next = watching.next()
    await shop.reconcile(scope)
    expect((await next).id).toBeGreaterThan(sequence)
  })

  it('gives a slow reader the newest state, and not those in between', async () => {
    const { scope, id } = await newTenant()
    const watching = watch(scope)
    expect(line(await watching.next())).toBe('1 authentik/group pending pending')
    shop.start([createService()])
    await shop.reached(id, 'active')
    const rest = await watching.until(({ data }) => data.step.service === 'mail')
    expect(rest.map(line)).toEqual([
      '9 stalwart/domains skipped active',
      '10 stalwart/accounts skipped active',
      '11 ocis/space skipped active',
      '12 authentik/group ok active',
      '13 authentik/members skipped active',
      '14 ocis/members skipped active',
      '15 mail/onboarding skipped active',
    ])
  })

  it('hears of what is asked for, before anybody works on it', async () => {
    const { scope } = await newTenant()
    const watching = watch(scope, { after: asked })
    const next = watching.next()
    await shop.reconcile(scope)
    expect(line(await next)).toBe('8 authentik/group pending pending')
  })

  it('finds out without a signal, a little later', async () => {
    const { scope, id: tenantId } = await newTenant()
    const watching = watch(scope, { after: asked, signals: createLocalSignals(silent), pollMs: 10 })
    const seen = watching.until(({ id }) => id === 2 * asked)
    shop.start([])
    await shop.reached(tenantId, 'active')
    expect(line((await seen).at(-1) as StepChange)).toBe('14 mail/onboarding skipped active')
  })

  it('counts a number from the future as none', async () => {
    const { scope } = await newTenant()
    const watching = watch(scope, { after: 1_000 })
    expect((await watching.next()).id).toBe(1)
    expect((await watching.next()).id).toBe(2)
  })

  it('tells nothing of other tenants', async () => {
    const [one, other] = [await newTenant(), await newTenant()]
    const watching = watch(one.scope, { after: asked })
    const next = watching.next()
    await shop.reconcile(other.scope)
    await shop.reconcile(one.scope)
    const { steps } = await getProvisioning(one.scope)
    expect(line(await next)).toBe('8 authentik/group pending pending')
    expect(steps).toHaveLength(asked)
  })

  /** The scope, with something to do each time that its changes were read. */
  function onRead(scope: TenantScope, react: () => Promise<void> | void): TenantScope {
    const { steps } = scope.stores
    const changedSince: typeof steps.changedSince = async (after) => {
      const changed = await steps.changedSince(after)
      await react()
      return changed
    }
    return { ...scope, stores: { ...scope.stores, steps: { ...steps, changedSince } } }
  }

  it('misses no signal that comes while it reads', async () => {
    const { scope } = await newTenant()
    let isFirst = true
    const watched = onRead(scope, async () => {
      if (!isFirst) return
      isFirst = false
      const heard = new Promise<void>((resolve) => shop.signals.subscribe(askedChannel, () => resolve()))
      await shop.reconcile(scope)
      await heard
    })
    expect(line(await watch(watched, { after: asked }).next())).toBe('8 authentik/group pending pending')
  })

  it('reads once for each signal of its own tenant, and for no other', async () => {
    const [{ id, scope }, other] = [await newTenant(), await newTenant()]
    let reads = 0
    const watching = watch(
      onRead(scope, () => void (reads += 1)),
      { after: asked },
    )
    const next = watching.next()
    await eventually(() => expect(reads).toBe(1))
    shop.signals.publish(changedChannel, id)
    await eventually(() => expect(reads).toBe(2))
    const heard = new Promise((resolve) => shop.signals.subscribe(changedChannel, resolve))
    shop.signals.publish(changedChannel, other.id)
    expect(await heard).toBe(other.id)
    await scope.stores.steps.list()
    expect(reads).toBe(2)
    await shop.reconcile(scope)
    await next
    expect(reads).toBe(3)
  })

  describe('ends, and hears nothing more,', () => {
    /** Signals that know how many listen. */
    function countingSignals() {
      const signals = createLocalSignals(silent)
      let listening = 0
      return {
        ...signals,
        subscribe(channel: string, listener: (payload: string) => void) {
          const remove = signals.subscribe(channel, listener)
          listening += 1
          return () => {
            listening -= 1
            remove()
          }
        },
        listening: () => listening,
      }
    }

    it('when it is told to', async () => {
      const { scope } = await newTenant()
      const signals = countingSignals()
      const watching = watch(scope, { after: asked, signals })
      const next = watching.changes.next()
      expect(signals.listening()).toBeGreaterThan(0)
      watching.end()
      expect(await next).toEqual({ done: true, value: undefined })
      expect(signals.listening()).toBe(0)
    })

    it('when the reader leaves', async () => {
      const { scope } = await newTenant()
      const signals = countingSignals()
      const { changes } = watch(scope, { signals })
      for await (const _ of changes) break
      expect(signals.listening()).toBe(0)
    })

    it('when the tenant is gone', async () => {
      const { scope, id } = await newTenant()
      const signals = countingSignals()
      const { changes } = watch(scope, { after: asked, signals, pollMs: 10 })
      const next = changes.next()
      await given.database.client.tenant.delete({ where: { id } })
      expect((await next).done).toBe(true)
      expect(signals.listening()).toBe(0)
    })

    it('when its lifetime is over', async () => {
      const { scope } = await newTenant()
      const { changes } = watch(scope, { after: asked, lifetimeMs: 10 })
      expect((await changes.next()).done).toBe(true)
    })

    it('when who watches is a member no more', async () => {
      const { id, slug, scope } = await newTenant()
      const now = shop.clock.now()
      const person = {
        id: 'e7f0a7d2-0000-7000-8000-000000000001',
        name: 'Mia',
        nameKey: 'mia',
        email: 'mia@example.com',
      }
      const user = await given.database.client.user.create({
        data: { ...person, createdAt: now, updatedAt: now },
      })
      await scope.stores.members.add(user.id, 'member', 'manual')
      const caller = { userId: user.id, platformRole: 'user', session: null } as const
      const own = await shop.scopes().tenant(caller, slug, 'test')
      if (!own) throw new Error('A member sees their tenant')

      const { changes } = watch(own, { after: asked })
      const next = changes.next()
      await shop.reconcile(scope)
      expect((await next).value?.id).toBe(asked + 1)
      await scope.stores.members.remove(user.id)
      expect((await changes.next()).done).toBe(true)
      expect(await shop.scopes().tenant(caller, slug, 'test')).toBeNull()
      expect((await shop.state(id)).steps).toHaveLength(asked)
    })
  })
})

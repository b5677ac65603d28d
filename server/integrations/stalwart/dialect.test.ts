import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { StepPlanner } from '#server/provisioning/step-planner.port'
import { createStalwart, createStalwartPlanners, createStalwartRecords, type StalwartOptions } from './client'
import { startStalwartFake, type StalwartFake } from './fake'
import { bringAbout as bringAboutBy, known, member, newTenant, summary, type Tenant } from './fake-tenants'

const signal = new AbortController().signal
const failureOf = (work: Promise<unknown> | undefined) =>
  (work ?? Promise.resolve()).then(
    () => expect.fail('it did not fail'),
    (reason: unknown) => reason,
  )

let fake: StalwartFake
afterEach(async () => {
  await fake.stop()
  expect(fake.violations()).toEqual([])
})

function stepsOf(options: Partial<StalwartOptions> = {}): [StepPlanner, StepPlanner] {
  const [domains, accounts] = createStalwartPlanners({ apiUrl: fake.url, token: fake.token, ...options })
  if (!domains || !accounts) throw new Error('A step is missing')
  return [domains, accounts]
}
const bringAbout = (tenant: Tenant, options: Partial<StalwartOptions> = {}) =>
  bringAboutBy(stepsOf(options), tenant, signal)

describe('DKIM keys of 0.16', () => {
  const createdAt = new Date('2026-11-25T10:00:00Z')
  let now = createdAt
  const clock = { now: () => now }
  const start = async (keysAfter: number | 'held') => {
    now = createdAt
    fake = await startStalwartFake({ keysAfter, now: clock.now })
  }
  const bring = (tenant: Tenant) => bringAbout(tenant, { clock, timeoutMs: 300 })
  const planOf = async (tenant: Tenant) => stepsOf({ clock })[0].plan(tenant, known, signal)

  it('are waited for', async () => {
    await start(4)
    await bringAbout(newTenant({ members: [] }), { clock })
    expect(fake.domains()).toMatchObject([{ keys: ['ed25519', 'rsa'] }])
  })

  it('are not there while Stalwart makes them: the step says so, and is to look again', async () => {
    await start('held')
    const tenant = newTenant({ members: [] })
    const words = 'Stalwart is still making the DKIM keys of acme.example.'
    const notYet = { kind: 'not_yet', retryable: true, message: words }
    expect(await failureOf(bring(tenant))).toMatchObject(notYet)
    expect(summary(await planOf(tenant))).toEqual(['create dkim acme.example'])
    expect(await failureOf(bring(tenant))).toMatchObject(notYet)
    fake.runTasks()
    expect(await planOf(tenant)).toMatchObject({ changes: [], notes: [] })
  })

  it('hold up no other domain, nor anything of a closed tenant', async () => {
    await start('held')
    const tenant = newTenant({ members: [], domains: ['acme.example', 'acme.org', 'acme.test'] })
    expect(await failureOf(bring(tenant))).toMatchObject({ kind: 'not_yet' })
    expect(fake.domains().map(({ name }) => name)).toEqual(tenant.domains)
    const closed = await planOf({ ...tenant, state: 'closed' })
    expect(closed).toMatchObject({ changes: [], notes: tenant.domains.map(() => expect.any(String)) })
  })

  it('are made again where somebody took them from a domain that is new', async () => {
    await start(1)
    const tenant = newTenant({ members: [] })
    await bring(tenant)
    expect((await planOf(tenant)).changes).toEqual([])
    fake.removeKeys('acme.example')
    expect(summary(await planOf(tenant))).toEqual(['create dkim acme.example'])
    now = new Date(createdAt.getTime() + 2 * 60_000)
    await bring(tenant)
    expect(fake.domains()).toMatchObject([{ keys: ['ed25519', 'rsa'] }])
  })

  it('are made here where they do not come for two minutes', async () => {
    await start('held')
    const tenant = newTenant({ members: [] })
    expect(await failureOf(bring(tenant))).toMatchObject({ kind: 'not_yet' })
    now = new Date(createdAt.getTime() + 2 * 60_000)
    expect(await bring(tenant)).toEqual(['create dkim acme.example'])
    expect(fake.domains()).toMatchObject([{ keys: ['ed25519', 'rsa'] }])
    expect(await planOf(tenant)).toMatchObject({ changes: [], notes: [] })
    const { recordsOf } = createStalwartRecords({ apiUrl: fake.url, token: fake.token })
    const names = (await recordsOf('acme.example', signal)).map(({ name }) => name)
    expect(
      names.filter((name) => /^t-(rsa|ed25519)-[0-9a-f]{8}\._domainkey\.acme\.example$/.test(name)),
    ).toHaveLength(2)
  })

  it('end to be waited for with the signal', async () => {
    await start('held')
    const [domains] = stepsOf({ clock })
    const [create, sign] = (await domains.plan(newTenant(), known, signal)).changes
    await create?.apply(signal)
    const controller = new AbortController()
    const drained = new Error('drained')
    setTimeout(() => controller.abort(drained), 20)
    await expect(sign?.apply(controller.signal)).rejects.toBe(drained)
  })
})

describe('domains of 0.16', () => {
  beforeEach(async () => {
    fake = await startStalwartFake({ keysAfter: 1 })
  })

  const set = async (type: string, args: object) => {
    const response = await fetch(`${fake.url}/jmap/`, {
      method: 'POST',
      headers: { authorization: `Bearer ${fake.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        using: ['urn:ietf:params:jmap:core', 'urn:stalwart:jmap'],
        methodCalls: [[`${type}/set`, args, 'c0']],
      }),
    })
    const { methodResponses } = (await response.json()) as {
      methodResponses: [string, { notUpdated?: object }][]
    }
    expect(methodResponses[0]?.[1].notUpdated).toBeUndefined()
  }

  it('are refused where the name is an alias of another one', async () => {
    fake.addDomain({ name: 'other.example', aliases: ['acme.example'] })
    const [domains] = stepsOf()
    const { changes } = await domains.plan(newTenant(), known, signal)
    expect(changes).toMatchObject([
      {
        action: 'refuse',
        reason: 'At Stalwart acme.example is an alias of the domain other.example: remove it there.',
      },
    ])
  })

  it('are refused where somebody made it an alias meanwhile', async () => {
    const [domains] = stepsOf()
    const { changes } = await domains.plan(newTenant(), known, signal)
    fake.addDomain({ name: 'other.example', aliases: ['acme.example'] })
    expect(await failureOf(changes[0]?.apply(signal))).toMatchObject({ kind: 'conflict' })
  })

  it('are switched on', async () => {
    const tenant = newTenant()
    await bringAbout(tenant)
    await set('x:Domain', { update: { [fake.domains()[0]?.id ?? '']: { isEnabled: false } } })
    expect(await bringAbout(tenant)).toEqual(['update domain acme.example'])
    expect(fake.domains()).toMatchObject([{ isEnabled: true }])
  })

  it('stay while an address of a stranger is on them', async () => {
    const tenant = newTenant({ domains: ['acme.example', 'acme.test'], members: [] })
    await bringAbout(tenant)
    fake.addDomain({ name: 'other.example' })
    fake.addAccount({ email: 'eve@other.example', aliases: ['eve@acme.test'] })
    const [domains] = stepsOf()
    const plan = await domains.plan({ ...tenant, domains: ['acme.example'] }, known, signal)
    expect(summary(plan)).toEqual(['delete dkim acme.test', 'delete domain acme.test'])
    const error = await failureOf(plan.changes[1]?.apply(signal))
    expect(error).toMatchObject({ kind: 'rejected', retryable: true })
    expect(String(error)).toMatch(/“objectIsLinked: Domain \w+: it is used by Account \w+, DkimSignature/)
  })

  it('have mailboxes that keep what an operator gave them', async () => {
    const tenant = newTenant({ members: [member('ada', 'Ada')] })
    await bringAbout(tenant)
    const id = fake.accounts()[0]?.id ?? ''
    const domainId = fake.domains()[0]?.id
    await set('x:Account', {
      update: {
        [id]: {
          credentials: { '0': { '@type': 'Password', secret: 'four words of theirs' } },
          'aliases/7': { name: 'info', domainId, enabled: true },
          'quotas/maxEmails': 7,
          permissions: {
            '@type': 'Merge',
            enabledPermissions: { emailSend: true },
            disabledPermissions: { imapAuthenticate: true },
          },
        },
      },
    })
    expect(await bringAbout(tenant)).toEqual([])
    await bringAbout({ ...tenant, state: 'closed', mailboxBytes: 5 })
    const closed = { aliases: ['info@acme.example'], hasPassword: true, canSignIn: false, quotaBytes: 5 }
    expect(fake.accounts()).toMatchObject([closed])
    await bringAbout(tenant)
    expect(fake.accounts()).toMatchObject([{ ...closed, canSignIn: true, quotaBytes: 1_000_000 }])
  })
})

describe('domains of 0.15', () => {
  beforeEach(async () => {
    fake = await startStalwartFake({ dialect: 'rest' })
  })

  it('are deleted without the keys of others whose names begin alike', async () => {
    const one = newTenant({ members: [] })
    const other = newTenant({ members: [], domains: ['acme.example.org'] })
    for (const tenant of [one, other]) await bringAbout(tenant)
    await bringAbout({ ...one, state: 'purged' })
    expect(fake.domains()).toMatchObject([{ name: 'acme.example.org', keys: ['ed25519', 'rsa'] }])
    expect(await bringAbout(other)).toEqual([])
  })

  it('get keys again that somebody took', async () => {
    const tenant = newTenant({ members: [] })
    await bringAbout(tenant)
    fake.removeKeys('acme.example')
    expect(await bringAbout(tenant)).toEqual(['create dkim acme.example'])
    expect(fake.domains()).toMatchObject([{ keys: ['ed25519', 'rsa'] }])
  })

  it('are refused where a person has that name', async () => {
    fake.addDomain({ name: 'other.example' })
    await fetch(`${fake.url}/api/principal`, {
      method: 'POST',
      headers: { authorization: `Bearer ${fake.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ type: 'individual', name: 'acme.example', emails: ['x@other.example'] }),
    })
    expect(await bringAbout(newTenant())).toEqual(['refuse domain acme.example'])
  })
})

describe.each(['jmap', 'rest'] as const)('which version it is, of %s', (dialect) => {
  const token = 'admin:four words of mine'
  const tenants = Array.from({ length: 20 }, (_, n) => newTenant({ domains: [`t${n}.example`] }))
  const startOf = (spoken: typeof dialect, port = 0) => startStalwartFake({ dialect: spoken, token, port })
  const planAll = (planners: readonly StepPlanner[]) =>
    Promise.all(tenants.flatMap((tenant) => planners.map((planner) => planner.plan(tenant, known, signal))))

  it('is asked once for all tenants that begin together, and for the DNS records', async () => {
    fake = await startOf(dialect)
    fake.faults.add({ kind: 'delay', ms: 20, operation: 'session', times: 'always' })
    const { planners, recordsOf } = createStalwart({ apiUrl: fake.url, token })
    await Promise.all([planAll(planners), recordsOf('acme.example', signal)])
    await planAll(planners)
    expect(fake.calls().session).toBe(1)
  })

  it('is asked once for all to whom it shows that the server is another by now', async () => {
    const other = dialect === 'jmap' ? 'rest' : 'jmap'
    fake = await startOf(other)
    const { planners } = createStalwart({ apiUrl: fake.url, token })
    await planAll(planners)
    const port = Number(new URL(fake.url).port)
    await fake.stop()
    fake = await startOf(dialect, port)
    // The first call may meet a connection of before.
    await vi.waitFor(() => fetch(fake.url))
    const asked = () => fake.calls().session
    const before = asked()
    await vi.waitFor(() => planAll(planners))
    expect(asked() - before).toBe(1)
  })

  it('is asked again where an answer does not fit, and what did not fit is said', async () => {
    fake = await startOf(dialect)
    const { planners } = createStalwart({ apiUrl: fake.url, token })
    await planAll(planners)
    const operation = dialect === 'jmap' ? 'x:Domain/query' : 'principal/list'
    fake.faults.add({
      kind: 'answer',
      operation,
      status: 200,
      body: '<html>Stalwart is being replaced</html>',
    })
    const error = await failureOf(planners[0]?.plan(newTenant(), known, signal))
    expect(error).toMatchObject({ kind: 'contract' })
    expect(String(error)).toContain('HTML page')
    expect(fake.calls().session).toBe(2)
  })
})

describe('a server that is upgraded', () => {
  it('is asked again which it is', async () => {
    const tenant = newTenant()
    const token = 'admin:four words of mine'
    fake = await startStalwartFake({ dialect: 'rest', token })
    const steps = stepsOf()
    const { recordsOf } = createStalwartRecords({ apiUrl: fake.url, token })
    const port = Number(new URL(fake.url).port)
    await bringAbout(tenant)
    const planAll = async () => {
      for (const step of steps) await step.plan(tenant, known, signal)
      await recordsOf('acme.example', signal)
    }
    await planAll()
    const first = await steps[1].survey?.(null, signal)
    expect(first?.found).toHaveLength(2)
    for (const dialect of ['jmap', 'rest'] as const) {
      await fake.stop()
      expect(fake.violations()).toEqual([])
      fake = await startStalwartFake({ dialect, token, port, keysAfter: 1 })
      // The first call may meet a connection of before.
      await vi.waitFor(planAll)
      // A cursor of before begins from the start.
      expect(await steps[1].survey?.('rest:2', signal)).toEqual({ found: [], next: null })
      expect(fake.calls().session).toBeGreaterThan(0)
    }
  })

  it('is never asked for what was read of it before', async () => {
    const tenant = newTenant()
    const token = 'admin:four words of mine'
    fake = await startStalwartFake({ dialect: 'rest', token })
    const [domains, accounts] = stepsOf()
    const port = Number(new URL(fake.url).port)
    await bringAbout(tenant)
    const purged = { ...tenant, state: 'purged' } as const
    const planned = [await accounts.plan(purged, known, signal), await domains.plan(purged, known, signal)]
    await fake.stop()
    fake = await startStalwartFake({ token, port })
    fake.addDomain({ name: 'other.example' })
    for (const change of planned.flatMap(({ changes }) => changes)) {
      const error = await vi.waitFor(async () => {
        const reason = await failureOf(change.apply(signal))
        expect(reason).toMatchObject({ kind: 'unavailable', retryable: true })
        return reason
      })
      expect(String(error)).toContain('it has to be read again')
    }
    expect(fake.calls()).toMatchObject({ 'x:Domain/set': 0, 'x:Account/set': 0 })
  })
})

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { newId } from '#server/lib/ids'
import type { StepPlanner } from '#server/provisioning/step-planner.port'
import { createStalwartPlanners, type StalwartOptions } from './client'
import { startStalwartFake, type StalwartFake, type StalwartFakeOptions } from './fake'
import {
  bringAbout as bringAboutBy,
  known,
  member,
  newTenant,
  stampOf,
  summary,
  type Tenant,
} from './fake-tenants'

// Servers that answer otherwise than those that are known, and strangers who come between a plan and its changes.

const signal = new AbortController().signal

let fake: StalwartFake
const start = async (options: StalwartFakeOptions = {}) => {
  fake = await startStalwartFake({ keysAfter: 1, ...options })
}
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

type Json = Record<string, unknown>
interface Methods {
  methodCalls: [string, Json, string][]
  methodResponses: [string, Json, string][]
}

/** A way to Stalwart on which every call and answer of JMAP is changed. */
function changing(change: {
  call?: (method: string, args: Json) => void
  answer?: (method: string, args: Json) => void
}) {
  const proxy: typeof fetch = async (url, init) => {
    const isJmap = String(url).endsWith('/jmap/') && typeof init?.body === 'string'
    if (!isJmap) return fetch(url, init)
    const request = JSON.parse(init.body as string) as Methods
    for (const [method, args] of request.methodCalls) change.call?.(method, args)
    const response = await fetch(url, { ...init, body: JSON.stringify(request) })
    const answer = (await response.json()) as Methods
    for (const [method, args] of answer.methodResponses) change.answer?.(method, args)
    return Response.json(answer)
  }
  return { fetch: proxy }
}

const failureOf = (work: Promise<unknown> | undefined) =>
  (work ?? Promise.resolve()).then(
    () => expect.fail('it did not fail'),
    (reason: unknown) => reason,
  )
const emails = () => fake.accounts().map(({ email }) => email)

describe('a server of 0.16', () => {
  beforeEach(() => start())

  it('that does not tell how many there are is read to its last page all the same', async () => {
    const members = Array.from({ length: 150 }, (_, index) => member(`m${String(index).padStart(3, '0')}`))
    const tenant = newTenant({ members })
    fake.addDomain({ name: 'acme.example', description: stampOf(tenant) })
    for (const { mailbox, userId } of members)
      fake.addAccount({ email: `${mailbox}@acme.example`, stamp: `${stampOf(tenant)}:${userId}` })
    const untold = changing({ answer: (_, args) => delete args.total })
    const plan = await stepsOf(untold)[1].plan(tenant, known, signal)
    expect(plan.resources).toHaveLength(150)
  })

  it('that says null for what is empty, as RFC 8620 has it, is understood', async () => {
    const empty = { created: null, updated: null, destroyed: null }
    const none = { notCreated: null, notUpdated: null, notDestroyed: null }
    const nulls = changing({
      answer: (method, args) =>
        method.endsWith('/set') && Object.assign(args, { ...empty, ...none, ...args }),
    })
    const tenant = newTenant()
    await bringAbout(tenant, nulls)
    await bringAbout({ ...tenant, state: 'purged' }, nulls)
    await bringAbout({ ...tenant, state: 'purged' }, nulls)
    expect([fake.domains(), fake.accounts()]).toEqual([[], []])
  })

  it('that heeds no filter loses no key of another domain', async () => {
    const one = newTenant({ members: [] })
    const other = newTenant({ members: [], domains: ['acme.test'] })
    for (const tenant of [one, other]) await bringAbout(tenant)
    const unfiltered = changing({
      call: (method, args) => method === 'x:DkimSignature/query' && delete args.filter,
    })
    // Its domain step alone: with all accounts in one list it would be no true server.
    await bringAbout({ ...one, state: 'purged' }, unfiltered)
    expect(fake.domains()).toMatchObject([{ name: 'acme.test', keys: ['ed25519', 'rsa'] }])
  })

  it('whose clock is ahead does not keep a domain without keys waiting', async () => {
    const inTwoYears = new Date(Date.now() + 2 * 365 * 86_400_000)
    await fake.stop()
    await start({ keysAfter: 'held', now: () => inTwoYears })
    await bringAbout(newTenant({ members: [] }), { timeoutMs: 300 })
    expect(fake.domains()).toMatchObject([{ keys: ['ed25519', 'rsa'] }])
  })

  it('is asked by all at once which it is, once', async () => {
    const [domains] = stepsOf()
    await Promise.all(Array.from({ length: 20 }, () => domains.plan(newTenant(), known, signal)))
    expect(fake.calls().session).toBe(1)
  })

  it('is asked again where asking failed, or whoever asked first went away', async () => {
    const [domains] = stepsOf()
    fake.faults.add({ kind: 'answer', operation: 'session', status: 503 })
    expect(await failureOf(domains.plan(newTenant(), known, signal))).toMatchObject({ kind: 'unavailable' })
    const controller = new AbortController()
    fake.faults.add({ kind: 'delay', operation: 'session', ms: 50 })
    const first = domains.plan(newTenant(), known, controller.signal)
    const second = domains.plan(newTenant(), known, signal)
    controller.abort(new Error('drained'))
    await expect(first).rejects.toThrow('drained')
    expect((await second).changes).toHaveLength(2)
  })

  it('keeps the keys of a domain that a stranger still has an address on', async () => {
    const tenant = newTenant({ domains: ['acme.example', 'acme.test'], members: [] })
    await bringAbout(tenant)
    fake.addDomain({ name: 'other.example' })
    fake.addAccount({ email: 'eve@other.example', aliases: ['eve@acme.test'] })
    const error = await failureOf(bringAbout({ ...tenant, domains: ['acme.example'] }))
    expect(error).toMatchObject({ kind: 'rejected', retryable: true })
    expect(String(error)).toMatch(/“objectIsLinked: Domain \w+: it is used by Account \w+/)
    expect(fake.domains()).toMatchObject([{}, { name: 'acme.test', keys: ['ed25519', 'rsa'] }, {}])
  })
})

describe.each(['jmap', 'rest'] as const)('what became somebody else’s meanwhile, over %s', (dialect) => {
  beforeEach(() => start({ dialect }))

  it('is no mailbox that is deleted', async () => {
    const tenant = newTenant({ members: [member('ada')] })
    await bringAbout(tenant)
    const [, accounts] = stepsOf()
    const plan = await accounts.plan({ ...tenant, state: 'purged' }, known, signal)
    expect(summary(plan)).toEqual(['delete account ada@acme.example'])
    fake.removeAccount('ada@acme.example')
    await plan.changes[0]?.apply(signal)
    const stamp = `${stampOf({ id: newId() })}:${newId()}`
    fake.addAccount({ email: 'ada@acme.example', stamp })
    // Another of the same id there can't be in 0.16: it is gone for good.
    const outcome = await plan.changes[0]?.apply(signal).catch((error: unknown) => error)
    if (dialect === 'rest') expect(outcome).toMatchObject({ kind: 'conflict' })
    expect(emails()).toEqual(['ada@acme.example'])
  })

  it('is no domain that is deleted, nor are its keys', async () => {
    const tenant = newTenant({ members: [] })
    await bringAbout(tenant)
    const [domains] = stepsOf()
    const { changes } = await domains.plan({ ...tenant, state: 'purged' }, known, signal)
    fake.addAccount({ email: 'eve@acme.example' })
    for (const change of changes) {
      expect(await failureOf(change.apply(signal))).toMatchObject({ kind: 'conflict' })
    }
    expect(fake.domains()).toMatchObject([{ keys: ['ed25519', 'rsa'] }])
    fake.removeAccount('eve@acme.example')
    for (const change of changes) await change.apply(signal)
    for (const change of changes) await change.apply(signal)
    expect(fake.domains()).toEqual([])
  })
})

describe.each(['jmap', 'rest'] as const)('names that are nearly the same, over %s', (dialect) => {
  beforeEach(() => start({ dialect }))

  it('are told apart', async () => {
    // A longer one, a shorter one, one of the same words, and the A-label of one that looks the same.
    const strangers = ['kiosk.example.org', 'kiosk.exampl', 'example.kiosk', 'xn--kisk-qdd.example']
    for (const name of strangers) fake.addDomain({ name, description: 'Somebody’s' })
    for (const name of strangers) fake.addAccount({ email: `ada@${name}` })
    const tenant = newTenant({ domains: ['kiosk.example'], members: [member('ada')] })
    expect(await bringAbout(tenant)).toEqual([
      'create domain kiosk.example',
      'create dkim kiosk.example',
      'create account ada@kiosk.example',
    ])
    await bringAbout({ ...tenant, state: 'purged' })
    expect(fake.domains().map(({ name }) => name)).toEqual([...strangers].sort())
    expect(emails().sort()).toEqual(strangers.map((name) => `ada@${name}`).sort())
  })
})

describe('a name in another case', () => {
  beforeEach(() => start())
  const renamed = (from: string, to: string) =>
    changing({
      answer(method, args) {
        if (method !== 'x:Domain/get') return
        for (const domain of args.list as Json[]) if (domain.name === from) domain.name = to
      },
    })

  it('is the same name, and refused', async () => {
    fake.addDomain({ name: 'acme.example' })
    expect(await bringAbout(newTenant(), renamed('acme.example', 'ACME.Example'))).toEqual([
      'refuse domain acme.example',
    ])
  })

  it('is another one where only Unicode has it as the same', async () => {
    // The Kelvin sign, whose lower case is a k.
    const kelvin = renamed('oiosk.example', '\u212aiosk.example')
    fake.addDomain({ name: 'oiosk.example', aliases: ['kiosk.example.test'] })
    const tenant = newTenant({ domains: ['kiosk.example'], members: [] })
    expect(await bringAbout(tenant, kelvin)).toEqual([
      'create domain kiosk.example',
      'create dkim kiosk.example',
    ])
  })
})

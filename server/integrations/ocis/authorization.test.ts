import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createOcisPlanners, type OcisOptions } from './client'
import { startOcisFake, type OcisFake } from './fake'
import { newTenant } from './fake-tenants'

const signal = new AbortController().signal
const tenant = newTenant()

let now = new Date('2026-11-22T10:00:00Z')
const clock = { now: () => now }
const pass = (seconds: number) => void (now = new Date(now.getTime() + seconds * 1000))

let fake: OcisFake
beforeEach(async () => {
  fake = await startOcisFake({ clock, tokenSeconds: 300 })
})
afterEach(async () => {
  await fake.stop()
  expect(fake.violations()).toEqual([])
})

/** @returns a function that asks once, with the same token for as long as it lasts */
function asker(options: Partial<OcisOptions> = {}) {
  const { clientId, clientSecret } = fake.credentials
  const auth = { clientId, clientSecret, tokenUrl: fake.tokenUrl }
  const [space] = createOcisPlanners({ apiUrl: fake.url, auth, clock, ...options })
  return (during = signal) => {
    if (!space) throw new Error('no planner')
    return space.plan(tenant, { externalId: null }, during)
  }
}
const issued = () => fake.calls().IssueToken
const listed = () => fake.calls().ListAllDrives

describe('a token by client credentials', () => {
  it('is asked for once, and again shortly before it ends', async () => {
    const ask = asker()
    await ask()
    pass(269)
    await ask()
    expect(issued()).toBe(1)
    pass(1)
    await ask()
    expect(issued()).toBe(2)
  })

  it('is asked for once by many at once', async () => {
    const ask = asker()
    await Promise.all(Array.from({ length: 20 }, () => ask()))
    expect(issued()).toBe(1)
    // All who came while the first list was under way share the next one.
    expect(listed()).toBe(2)
  })

  it('is asked for again, once, where it was refused', async () => {
    const ask = asker()
    await ask()
    fake.revokeTokens()
    await ask()
    expect(issued()).toBe(2)
    expect(listed()).toBe(3)
  })

  it('is asked for again once by many that were refused', async () => {
    const ask = asker()
    await ask()
    fake.revokeTokens()
    fake.faults.add({ kind: 'delay', ms: 20, operation: 'IssueToken' })
    await Promise.all(Array.from({ length: 10 }, () => ask()))
    expect(issued()).toBe(2)
  })

  it('is not asked for a third time', async () => {
    fake.faults.add({ kind: 'answer', operation: 'ListAllDrives', status: 401, times: 'always' })
    await expect(asker()()).rejects.toMatchObject({ kind: 'unauthorized', retryable: true })
    expect(issued()).toBe(2)
    expect(listed()).toBe(2)
  })

  it('is not asked for by every call where each one is refused: by one a minute', async () => {
    const ask = asker()
    fake.faults.add({ kind: 'answer', operation: 'ListAllDrives', status: 401, times: 'always' })
    const many = () => Promise.allSettled(Array.from({ length: 10 }, () => ask()))
    for (let times = 0; times < 3; times++) await many()
    expect(issued()).toBe(2)
    pass(61)
    await many()
    expect(issued()).toBe(3)
    fake.faults.clear()
    await ask()
    fake.revokeTokens()
    pass(61)
    await ask()
    expect(issued()).toBe(4)
  })

  it('is repeated by no error, even once another took its place', async () => {
    const ask = asker()
    const tokens: string[] = []
    const spy: typeof fetch = async (url, init) => {
      const { authorization = '' } = init?.headers as Record<string, string>
      tokens.push(authorization.replace('Bearer ', ''))
      const message = `no: ${tokens.join(' and ')}`
      return String(url).includes('/drives')
        ? Response.json({ error: { code: 'unauthenticated', message } }, { status: 401 })
        : fetch(url, init)
    }
    await ask()
    const error: unknown = await asker({ fetch: spy })().catch((reason: unknown) => reason)
    expect(tokens.filter(Boolean)).toHaveLength(2)
    expect(String(error)).toContain('[redacted] and and [redacted]”')
    for (const token of tokens.filter(Boolean)) expect(String(error)).not.toContain(token)
  })

  it('is asked for anew after a failure, which is not kept', async () => {
    const ask = asker()
    fake.faults.add({ kind: 'answer', operation: 'IssueToken', status: 503, body: '' })
    await expect(ask()).rejects.toMatchObject({ kind: 'unavailable' })
    await ask()
    expect(issued()).toBe(2)
  })

  it('comes to those who wait, though who asked first went away', async () => {
    const ask = asker()
    const controller = new AbortController()
    fake.faults.add({ kind: 'delay', ms: 50, operation: 'IssueToken' })
    const [first, second] = [ask(controller.signal), ask()]
    controller.abort(new Error('drained'))
    await expect(first).rejects.toThrow('drained')
    await second
    expect(issued()).toBe(1)
  })

  it.each([
    [{ expires_in: 10 }, 4, 5],
    [{}, 29, 30],
    [{ expires_in: 1e300 }, 86_399, 86_400],
  ])('of %o is used for %i s, and not for %i', async (ends, short, long) => {
    const ask = asker()
    const body = { access_token: 'made-up', token_type: 'bearer', ...ends }
    fake.faults.add({ kind: 'answer', operation: 'IssueToken', status: 200, body, times: 'always' })
    fake.faults.add({ kind: 'answer', operation: 'ListAllDrives', status: 200, body: {}, times: 'always' })
    await ask()
    pass(short)
    await ask()
    expect(issued()).toBe(1)
    pass(long - short)
    await ask()
    expect(issued()).toBe(2)
  })

  it('is asked for with the scope that is set', async () => {
    const { clientId, clientSecret } = fake.credentials
    const auth = { clientId, clientSecret, tokenUrl: fake.tokenUrl, scope: 'profile' }
    const error: unknown = await asker({ auth })().catch((reason: unknown) => reason)
    expect(String(error)).toContain('invalid_scope')
  })
})

describe('an app token', () => {
  it('is used as it is, and not asked for again where it is refused', async () => {
    const { appToken } = fake.credentials
    await asker({ auth: { appToken } })()
    await expect(asker({ auth: { appToken: `${appToken}x` } })()).rejects.toMatchObject({
      kind: 'unauthorized',
    })
    expect(listed()).toBe(2)
    expect(issued()).toBe(0)
  })

  it('may hold what is not ASCII, and colons in its second part', async () => {
    const error: unknown = await asker({ auth: { appToken: 'jörg:pa:ss wörd' } })().catch(
      (reason: unknown) => reason,
    )
    expect(error).toMatchObject({ kind: 'unauthorized' })
    expect(String(error)).not.toContain('wörd')
  })
})

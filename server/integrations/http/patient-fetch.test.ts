import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startOcisFake, type OcisFake } from '../ocis/fake'
import { createPatientFetch } from './patient-fetch'

let fake: OcisFake
const fetch = createPatientFetch(globalThis.fetch, () => 0)

beforeAll(async () => {
  fake = await startOcisFake()
})
beforeEach(() => fake.reset())
afterAll(() => fake.stop())

const path = '/graph/v1.0/me'
const read = (init: RequestInit = {}) => fetch(fake.url + path, init)
const calls = () => fake.calls().GetOwnUser
const unavailable = { kind: 'answer', status: 503 } as const
const jmap = (...methods: string[]) => ({
  method: 'POST',
  body: JSON.stringify({ using: [], methodCalls: methods.map((method) => [method, {}, 'c0']) }),
})

describe('a reading', () => {
  it.each([
    ['of a gateway’s failure', unavailable],
    ['of a cut connection', { kind: 'drop', when: 'before' }],
    ['of a short wait', { kind: 'answer', status: 429, headers: { 'retry-after': '0' } }],
  ] as const)('is asked again because %s', async (_, fault) => {
    fake.faults.add(fault)
    // Nobody is signed in: that is the fake's own answer.
    expect((await read()).status).toBe(401)
    expect(calls()).toBe(2)
  })

  it('is asked three times at most, and the last answer is given as it is', async () => {
    fake.faults.add({ ...unavailable, body: 'no', times: 'always' })
    const response = await read()
    expect([response.status, await response.text()]).toEqual([503, 'no'])
    expect(calls()).toBe(3)
    fake.faults.clear()
    fake.faults.add({ kind: 'drop', when: 'before', times: 'always' })
    await expect(read()).rejects.toThrow(TypeError)
    expect(calls()).toBe(6)
  })

  it.each([
    ['a long wait', { kind: 'answer', status: 429, headers: { 'retry-after': '3' } }],
    ['a wait until a date', { kind: 'answer', status: 503, headers: { 'retry-after': 'Fri, 01 Jan 2999' } }],
    ['429 without a wait', { kind: 'answer', status: 429 }],
    ['a failure of the service’s own', { kind: 'answer', status: 500 }],
    ['a refusal', { kind: 'answer', status: 403 }],
  ] as const)('is not asked again because of %s', async (_, fault) => {
    fake.faults.add(fault)
    expect((await read()).status).toBe(fault.status)
    expect(calls()).toBe(1)
  })

  it('waits no longer than its signal allows', async () => {
    fake.faults.add({ kind: 'answer', status: 429, headers: { 'retry-after': '2' } })
    const signal = AbortSignal.timeout(50)
    const began = performance.now()
    await expect(read({ signal })).rejects.toBe(await reasonOf(signal))
    expect(performance.now() - began).toBeLessThan(1_000)
    expect(calls()).toBe(1)
  })

  it('is known in JMAP by its methods', async () => {
    const asked: string[] = []
    const patient = createPatientFetch(
      (_, init) => {
        asked.push(String(init?.body))
        return Promise.resolve(new Response(null, { status: 503 }))
      },
      () => 0,
    )
    const countOf = async (init: RequestInit) => {
      asked.length = 0
      await patient('http://127.0.0.1/jmap/', init)
      return asked.length
    }
    expect(await countOf(jmap('x:Domain/query', 'x:Domain/get'))).toBe(3)
    expect(await countOf(jmap('x:Domain/get', 'x:Domain/set'))).toBe(1)
    expect(await countOf(jmap())).toBe(1)
    expect(await countOf({ method: 'POST', body: '{"methodCalls":' })).toBe(1)
  })
})

it.each(['POST', 'PATCH', 'PUT', 'DELETE'])('%s is sent once, whatever becomes of it', async (method) => {
  let sent = 0
  const failing = (outcome: () => Response) =>
    createPatientFetch(async () => {
      sent++
      return outcome()
    })
  const cut = failing(() => {
    throw new TypeError('fetch failed', { cause: new Error('other side closed') })
  })
  await expect(cut('http://127.0.0.1/', { method, body: '{"name":"Ada"}' })).rejects.toThrow('fetch failed')
  const away = failing(() => new Response(null, { status: 503, headers: { 'retry-after': '0' } }))
  expect((await away('http://127.0.0.1/', { method })).status).toBe(503)
  expect(sent).toBe(2)
})

/** What a signal ends with. */
function reasonOf(signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(signal.reason)))
}

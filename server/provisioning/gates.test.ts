import { describe, expect, it } from 'vitest'
import { IntegrationError } from '#server/lib/errors'
import { createLatch, createManualClock } from '../../tests/harness/provisioning'
import { createGates } from './gates'

const outage = () =>
  Promise.reject(new IntegrationError({ service: 'ocis', kind: 'unavailable', message: 'It is away.' }))
const fine = () => Promise.resolve('fine')
const patient = new AbortController().signal

function openGate(concurrency = 2, random = 0) {
  const clock = createManualClock()
  const gate = createGates({ clock, concurrency, random: () => random })('ocis')
  const fail = async (times: number) => {
    for (let count = 0; count < times; count++) await gate.run(outage, patient).catch(() => undefined)
  }
  return { clock, gate, fail }
}

describe('the gate of a service', () => {
  it('lets so many calls through at a time, in the order in which they came', async () => {
    const { gate } = openGate()
    const latches = Array.from({ length: 5 }, createLatch)
    const begun: number[] = []
    const calls = latches.map((latch, index) =>
      gate.run(() => {
        begun.push(index)
        return latch.opened
      }, patient),
    )
    await new Promise(setImmediate)
    expect(begun).toEqual([0, 1])
    for (const [index, latch] of latches.entries()) {
      latch.open()
      await calls[index]
    }
    expect(begun).toEqual([0, 1, 2, 3, 4])
  })

  it('forgets those that no longer wait', async () => {
    const { gate } = openGate(1)
    const latch = createLatch()
    const first = gate.run(() => latch.opened, patient)
    const leaving = new AbortController()
    const second = gate.run(fine, leaving.signal)
    const third = gate.run(fine, patient)
    leaving.abort(new Error('left'))
    await expect(second).rejects.toThrow('left')
    latch.open()
    await first
    expect(await third).toBe('fine')
    await expect(gate.run(fine, leaving.signal)).rejects.toThrow('left')
  })

  it('leaves a service in peace after five outages in a row, and lets one call find out', async () => {
    const { gate, clock, fail } = openGate()
    await fail(4)
    await gate.run(fine, patient)
    await fail(4)
    expect(gate.breaker.state).toBe('closed')
    await fail(1)
    expect(gate.breaker).toMatchObject({ state: 'open', until: new Date(clock.now().getTime() + 5_000) })
    await expect(gate.run(fine, patient)).rejects.toMatchObject({
      kind: 'unavailable',
      retryAfterSeconds: 5,
    })

    clock.advance(5_000)
    expect(gate.breaker.state).toBe('half-open')
    const latch = createLatch()
    const probe = gate.run(() => latch.opened, patient)
    await expect(gate.run(fine, patient)).rejects.toMatchObject({ kind: 'unavailable' })
    latch.open()
    await probe
    expect(gate.breaker).toEqual({ state: 'closed', until: null })
  })

  it('rests longer each time, up to a minute, spread by chance', async () => {
    for (const [random, rests] of [
      [0, [5, 10, 20, 40, 60, 60]],
      [1, [3.75, 7.5, 15, 30, 45, 45]],
    ] as const) {
      const { gate, clock, fail } = openGate(1, random)
      await fail(4)
      for (const seconds of rests) {
        await fail(1)
        const { until } = gate.breaker
        expect((until?.getTime() ?? 0) - clock.now().getTime()).toBe(seconds * 1000)
        clock.advance(seconds * 1000)
      }
    }
  })

  it('takes an answer that is an error for a sign of life', async () => {
    const { gate, fail } = openGate()
    await fail(4)
    const refusal = new IntegrationError({ service: 'ocis', kind: 'conflict', message: 'It is there.' })
    await gate.run(() => Promise.reject(refusal), patient).catch(() => undefined)
    await fail(4)
    expect(gate.breaker.state).toBe('closed')
  })

  it('does not stay shut because the clock ran an hour ahead', async () => {
    const { gate, clock, fail } = openGate()
    clock.advance(3_600_000)
    await fail(5)
    clock.advance(-3_600_000)
    expect(await gate.run(fine, patient)).toBe('fine')
  })
})

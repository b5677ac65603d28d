import { describe, expect, it } from 'vitest'
import { createLatch } from '../../tests/harness/provisioning'
import { createPlaces } from './places'

const patient = new AbortController().signal

describe('places', () => {
  it('are taken by so many at a time, in the order in which they came', async () => {
    const places = createPlaces(2)
    const latches = Array.from({ length: 5 }, createLatch)
    const begun: number[] = []
    const works = latches.map((latch, index) =>
      places.run(() => {
        begun.push(index)
        return latch.opened
      }, patient),
    )
    await new Promise(setImmediate)
    expect(begun).toEqual([0, 1])
    for (const [index, latch] of latches.entries()) {
      latch.open()
      await works[index]
    }
    expect(begun).toEqual([0, 1, 2, 3, 4])
  })

  it('are given back by work that fails', async () => {
    const places = createPlaces(1)
    await expect(places.run(() => Promise.reject(new Error('it failed')), patient)).rejects.toThrow(
      'it failed',
    )
    expect(await places.run(() => Promise.resolve('done'), patient)).toBe('done')
  })

  it('are given away by work that rests, which goes on when it has one again', async () => {
    const places = createPlaces(1)
    const [rested, worked] = [createLatch(), createLatch()]
    const said: string[] = []
    const first = places.run(async () => {
      await places.rest(() => rested.opened)
      said.push('first')
    }, patient)
    const second = places.run(async () => {
      said.push('second')
      await worked.opened
      said.push('second is done')
    }, patient)
    rested.open()
    await new Promise(setImmediate)
    expect(said).toEqual(['second'])
    worked.open()
    await Promise.all([first, second])
    expect(said).toEqual(['second', 'second is done', 'first'])
    // What is thrown in a rest takes no place along.
    const failing = places.run(() => places.rest(() => Promise.reject(new Error('it failed'))), patient)
    await expect(failing).rejects.toThrow('it failed')
    expect(await places.run(() => Promise.resolve('done'), patient)).toBe('done')
  })

  it('are not kept for who has gone', async () => {
    const places = createPlaces(1)
    const latch = createLatch()
    const first = places.run(() => latch.opened, patient)
    const leaving = new AbortController()
    const second = places.run(() => Promise.resolve('never'), leaving.signal)
    const third = places.run(() => Promise.resolve('done'), patient)
    leaving.abort(new Error('gone'))
    await expect(second).rejects.toThrow('gone')
    latch.open()
    await first
    expect(await third).toBe('done')
  })
})

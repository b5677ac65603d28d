import { expect, it } from 'vitest'
import { addSeconds } from '#server/lib/clock'
import { TestClock } from '../../../tests/harness/portal'
import { createMemory } from './memory'

it('keeps until the moment given, and no longer', () => {
  const clock = new TestClock()
  const memory = createMemory<number>(clock, 2)
  memory.set('a', 1, addSeconds(clock.now(), 10))
  clock.advance(9)
  expect(memory.get('a')).toBe(1)
  clock.advance(1)
  expect(memory.get('a')).toBeUndefined()
})

it('keeps so many, the newest', () => {
  const clock = new TestClock()
  const memory = createMemory<number>(clock, 2)
  const until = addSeconds(clock.now(), 10)
  for (const [key, value] of [
    ['a', 1],
    ['b', 2],
    ['a', 3],
    ['c', 4],
  ] as const)
    memory.set(key, value, until)
  expect(['a', 'b', 'c'].map((key) => memory.get(key))).toEqual([3, undefined, 4])
})

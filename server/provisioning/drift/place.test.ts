import { expect, it } from 'vitest'
import { along, behind, nextOf, restingUntil, startPlace, type Place } from './place'

const parts = ['a', 'b']

/** The place once its next part was begun. */
function begun(place: Place, now = 0): Place {
  const next = nextOf(place, parts, now)
  if (next === 'over' || 'waitMs' in next) throw new Error('Nothing begins')
  return next.place
}
const at = (place: Place, now: number) => {
  const next = nextOf(place, parts, now)
  return next === 'over' ? next : 'waitMs' in next ? next.waitMs : next.track.at
}

it('goes from part to part, each from its start', () => {
  const first = along(begun(startPlace, 5), { cursor: '2', pages: 1 })
  expect(first.track).toMatchObject({ at: 'a', cursor: '2', since: 5 })
  expect(at(first, 9)).toBe('a')
  const second = begun(behind(first), 7)
  expect(second.track).toMatchObject({ at: 'b', cursor: null, since: 7, pages: 0 })
  expect(nextOf(behind(second), parts, 9)).toBe('over')
})

it('lets another have its turn while one rests, and goes on with that where it was', () => {
  const resting = restingUntil(along(begun(startPlace), { cursor: '2' }), 100)
  expect(at(resting, 1)).toBe('b')
  const after = behind(begun(resting, 1))
  expect(at(after, 40)).toBe(60)
  const again = begun(after, 100)
  expect(again.track).toMatchObject({ at: 'a', cursor: '2', attempt: 1 })
  expect(again.resting).toEqual([])
  // One that is due goes before one that is not begun.
  expect(at(resting, 100)).toBe('a')
})

it('counts attempts in a row alone', () => {
  const twice = restingUntil(begun(restingUntil(begun(startPlace), 1), 1), 2)
  expect(twice.resting).toMatchObject([{ at: 'a', attempt: 2 }])
  expect(along(begun(twice, 2), { cursor: '3' }).track).toMatchObject({ attempt: 0 })
})

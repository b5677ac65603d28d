import { expect, it } from 'vitest'
import { DriftStatus } from '#shared/contracts/drift'
import { settling, shownStatuses, type Settling } from './drift.policy'

it.each<[Settling, string]>([
  ['accepted', 'due refused done due refused'],
  ['ignored', 'due refused due done refused'],
  ['open', 'done refused due due refused'],
])('can be made %s of what is open, repairing, accepted, ignored, repaired: %s', (to, outcomes) => {
  expect(DriftStatus.options.map((status) => settling(status, to)).join(' ')).toBe(outcomes)
})

it('shows what is being repaired with what is open', () => {
  expect(shownStatuses(undefined, ['open', 'accepted'])).toEqual(['open', 'repairing', 'accepted'])
  expect(shownStatuses('open', [])).toEqual(['open', 'repairing'])
  expect(shownStatuses('ignored', ['open'])).toEqual(['ignored'])
})

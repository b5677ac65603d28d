import { expect, it } from 'vitest'
import { countWords, durationWords } from './drift-words'
import { fieldValueWords } from './words'

it.each([
  ['quota', 5 * 2 ** 30, '5\u00a0GiB'],
  ['quota', 1.5 * 2 ** 30, '1.5\u00a0GiB'],
  ['quota', 512 * 2 ** 20, '512\u00a0MiB'],
  ['quota', 0, '0\u00a0MiB'],
  ['quota', 'unlimited', 'unlimited'],
  ['keys', 1_073_741_824, '1073741824'],
  ['name', '', 'nothing'],
  ['name', null, 'nothing'],
])('the field %s with %j reads %s', (field, value, words) => {
  expect(fieldValueWords(field, value)).toBe(words)
})

it.each([
  [0.4, 'less than a second'],
  [1, '1 s'],
  [59.9, '59 s'],
  [60, '1 min'],
  [3_661, '1 h 1 min'],
  [3_600 + 59, '1 h'],
  [90_000, '1 d 1 h'],
])('%d seconds read %s', (seconds, words) => {
  expect(durationWords(seconds)).toBe(words)
})

it('counts one, none and many', () => {
  expect([0, 1, 1_204].map((count) => countWords(count, 'thing', 'things'))).toEqual([
    '0 things',
    '1 thing',
    '1,204 things',
  ])
})

import { expect, it } from 'vitest'
import { parseRetryAfter } from './retry-after'

const clock = { now: () => new Date('2026-11-22T10:00:00Z') }

it.each([
  ['7', 7],
  ['0', 0],
  [' 7 ', 7],
  ['Sun, 22 Nov 2026 10:01:30 GMT', 90],
  ['Sunday, 22-Nov-26 10:01:30 GMT', 90],
  ['Sun Nov 22 10:01:30 2026', 90],
  ['Sun, 22 Nov 2026 09:00:00 GMT', 0],
  ['Sun, 22 Nov 2099 09:00:00 GMT', 86_400],
  ['9'.repeat(400), 86_400],
  ['Sun, 99 Nov 2026 09:00:00 GMT', undefined],
  ['2026-11-22T10:01:30Z', undefined],
  ['1e3', undefined],
  ['soon', undefined],
  ['-5', undefined],
  ['1.5', undefined],
  ['', undefined],
  [null, undefined],
])('waits by Retry-After %s: %s s', (header, seconds) => {
  expect(parseRetryAfter(header, clock)).toBe(seconds)
})

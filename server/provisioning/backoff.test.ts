import { describe, expect, it } from 'vitest'
import { retryDelayMs } from './backoff'

const longest = () => 1
const shortest = () => 0

describe('retryDelayMs', () => {
  it('doubles from 2 seconds to 5 minutes', () => {
    const delays = [1, 2, 3, 8, 9, 50, 5_000].map((attempt) => retryDelayMs(attempt, longest))
    expect(delays).toEqual([2_000, 4_000, 8_000, 256_000, 300_000, 300_000, 300_000])
  })

  it('is spread by chance, and at least half of that', () => {
    expect(retryDelayMs(1, shortest)).toBe(1_000)
    expect(retryDelayMs(3, () => 0.5)).toBe(6_000)
    expect(retryDelayMs(50, shortest)).toBe(150_000)
  })

  it('is never less than the service asked for', () => {
    expect(retryDelayMs(1, longest, 60)).toBe(60_000)
    expect(retryDelayMs(1, longest, 1)).toBe(2_000)
    expect(retryDelayMs(50, longest, 3_600)).toBe(3_600_000)
  })
})

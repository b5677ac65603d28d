import { describe, expect, it } from 'vitest'
import { createRecoveryCodes } from './recovery-codes'

describe('createRecoveryCodes', () => {
  const codes = createRecoveryCodes(Buffer.alloc(32, 1))

  it('makes ten of 50 bits, of which none comes twice', () => {
    const made = Array.from({ length: 100 }, () => codes.create()).flat()
    expect(codes.create()).toHaveLength(10)
    for (const code of made) expect(code).toMatch(/^[0-9a-hjkmnp-tv-z]{5}-[0-9a-hjkmnp-tv-z]{5}$/)
    expect(new Set(made).size).toBe(made.length)
    // Each of the 32 letters as often as the others, or nearly: 10,000 letters, some 312 of each.
    const counts = new Map<string, number>()
    for (const letter of made.join('').replaceAll('-', '')) counts.set(letter, (counts.get(letter) ?? 0) + 1)
    expect(counts.size).toBe(32)
    for (const count of counts.values()) expect(Math.abs(count - 312)).toBeLessThan(110)
  })

  it('stores a keyed hash that is of one user and one key, however the code was typed', () => {
    const hash = codes.hash('ada', 'k3v9q-0xw2m')
    expect(codes.hash('ada', ' K3V9Q OXW2M')).toBe(hash)
    expect(hash).not.toContain('k3v9q')
    expect(codes.hash('bob', 'k3v9q-0xw2m')).not.toBe(hash)
    expect(createRecoveryCodes(Buffer.alloc(32, 2)).hash('ada', 'k3v9q-0xw2m')).not.toBe(hash)
  })
})

import { expect, it } from 'vitest'
import { generatedSecret } from './generated-secret'

it('makes values of 32 letters and digits, each another, all of the alphabet in them', () => {
  const made = Array.from({ length: 200 }, generatedSecret)
  for (const value of made) expect(value).toMatch(/^[A-Za-z0-9]{32}$/)
  expect(new Set(made).size).toBe(made.length)
  expect(new Set(made.join('')).size).toBe(62)
})

import { describe, expect, it } from 'vitest'
import { createKeyring } from './keyring'
import { createSealer } from './seal'

describe('createKeyring', () => {
  it('derives the same key for the same purpose, and another for another', () => {
    const [one, two] = [createKeyring(Buffer.alloc(32, 1)), createKeyring(Buffer.alloc(32, 1))]
    expect(one.derive('a')).toEqual(two.derive('a'))
    expect(one.derive('a')).not.toEqual(one.derive('b'))
    expect(createKeyring(Buffer.alloc(32, 2)).derive('a')).not.toEqual(one.derive('a'))
  })
})

describe('createSealer', () => {
  it('opens what it sealed, and nothing that was altered or sealed with another key', async () => {
    const sealer = createSealer(Buffer.alloc(32, 1))
    const sealed = await sealer.seal('secret text')
    expect(sealed).not.toContain('secret')
    expect(await sealer.open(sealed)).toBe('secret text')
    const altered = `${sealed.slice(0, -4)}${sealed.endsWith('AAAA') ? 'BBBB' : 'AAAA'}`
    await expect(sealer.open(altered)).rejects.toThrow()
    await expect(createSealer(Buffer.alloc(32, 2)).open(sealed)).rejects.toThrow()
  })
})

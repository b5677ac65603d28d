import { describe, expect, it } from 'vitest'
import { createKeyring } from './keyring'
import { createSealer } from './seal'
import { SecretUnreadable } from './vault.errors'

describe('createKeyring', () => {
  it('derives the same key for the same purpose, and another for another', () => {
    const [one, two] = [createKeyring(Buffer.alloc(32, 1)), createKeyring(Buffer.alloc(32, 1))]
    expect(one.derive('a')).toEqual(two.derive('a'))
    expect(one.derive('a')).not.toEqual(one.derive('b'))
    expect(createKeyring(Buffer.alloc(32, 2)).derive('a')).not.toEqual(one.derive('a'))
  })
})

describe('createSealer', () => {
  const keyring = createKeyring(Buffer.alloc(32, 1))

  it('opens what it sealed for the same purpose and row, and nothing that was altered', async () => {
    const sealer = createSealer(keyring, 'a')
    const sealed = await sealer.seal('secret text', 'row 1')
    expect(sealed).not.toContain('secret')
    expect(await createSealer(keyring, 'a').open(sealed, 'row 1')).toBe('secret text')
    await expect(sealer.open(sealed, 'row 2')).rejects.toThrow(SecretUnreadable)
    await expect(createSealer(keyring, 'b').open(sealed, 'row 1')).rejects.toThrow(SecretUnreadable)
    const altered = `${sealed.slice(0, -4)}${sealed.endsWith('AAAA') ? 'BBBB' : 'AAAA'}`
    await expect(sealer.open(altered, 'row 1')).rejects.toThrow(SecretUnreadable)
    const foreign = createSealer(createKeyring(Buffer.alloc(32, 2)), 'a')
    await expect(foreign.open(sealed, 'row 1')).rejects.toThrow(SecretUnreadable)
  })
})

import { chmodSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createKeyring, masterKeyFile, readOrGenerateMasterKey } from './keyring'
import { createSealer } from './seal'

const newFolder = () => mkdtempSync(join(tmpdir(), 'tenantry-keyring-'))

describe('readOrGenerateMasterKey', () => {
  it('generates once, readable by its owner alone, and reads the same ever after', () => {
    const folder = join(newFolder(), 'data')
    const key = readOrGenerateMasterKey(folder)
    expect(key).toHaveLength(32)
    expect(statSync(join(folder, masterKeyFile)).mode & 0o777).toBe(0o600)
    expect(statSync(folder).mode & 0o777).toBe(0o700)
    expect(readOrGenerateMasterKey(folder)).toEqual(key)
  })

  it('refuses a file that does not hold a key, and leaves it as it was', () => {
    const folder = newFolder()
    const file = join(folder, masterKeyFile)
    writeFileSync(file, 'not a key')
    expect(() => readOrGenerateMasterKey(folder)).toThrow(/does not hold a master key/)
    expect(readFileSync(file, 'utf8')).toBe('not a key')
  })

  it('names the variable and the remedy where the folder can not be made', () => {
    const file = join(newFolder(), 'occupied')
    writeFileSync(file, '')
    chmodSync(file, 0o600)
    expect(() => readOrGenerateMasterKey(join(file, 'data'))).toThrow(/^DATA_DIR: .*Make the folder writable/)
    expect(() => readOrGenerateMasterKey('/proc/none/data')).toThrow(/^DATA_DIR: .*Make the folder writable/)
  })
})

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

import { chmodSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { generatedSecret, masterKeyFile } from './generated-secret'

const newFolder = () => mkdtempSync(join(tmpdir(), 'tenantry-keyring-'))

describe('generatedSecret', () => {
  it('generates once, readable by its owner alone, and reads the same ever after', () => {
    const folder = join(newFolder(), 'data')
    const key = generatedSecret(folder)
    expect(key.kind === 'random' && key.bytes.length).toBe(32)
    expect(statSync(join(folder, masterKeyFile)).mode & 0o777).toBe(0o600)
    expect(statSync(folder).mode & 0o777).toBe(0o700)
    expect(generatedSecret(folder)).toEqual(key)
  })

  it('refuses a file that does not hold a key, and leaves it as it was', () => {
    const folder = newFolder()
    const file = join(folder, masterKeyFile)
    writeFileSync(file, 'not a key')
    expect(() => generatedSecret(folder)).toThrow(/does not hold a master key/)
    expect(readFileSync(file, 'utf8')).toBe('not a key')
  })

  it('names the variable and the remedy where the folder can not be made', () => {
    const file = join(newFolder(), 'occupied')
    writeFileSync(file, '')
    chmodSync(file, 0o600)
    expect(() => generatedSecret(join(file, 'data'))).toThrow(/^DATA_DIR: .*Make the folder writable/)
    expect(() => generatedSecret('/proc/none/data')).toThrow(/^DATA_DIR: .*Make the folder writable/)
  })
})

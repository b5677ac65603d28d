import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { loadConfig } from '#server/config/config'
import { createContainer } from '#server/container'
import { createMemoryKeyring } from '../../tests/harness/keyring'
import { silent } from '../../tests/harness/vault'
import { findMasterSecret } from './master-secret'

const keyOf = (fill: number) => Buffer.alloc(32, fill).toString('base64')
const randomOf = (fill: number) => ({ kind: 'random', bytes: Buffer.alloc(32, fill) })

let dataDir: string
let ownFile: string
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'tenantry-secret-'))
  ownFile = join(dataDir, 'master.key')
})
afterEach(() => rmSync(dataDir, { recursive: true, force: true }))

const configOf = (env: Record<string, string> = {}) => loadConfig({ DATA_DIR: dataDir, ...env })

describe('the master secret', () => {
  it.each(['MASTER_KEY', 'MASTER_KEY_FILE', 'MASTER_PASSPHRASE', 'MASTER_PASSPHRASE_FILE'])(
    'is that of %s before all else, and no keyring is asked',
    async (variable) => {
      const keyring = createMemoryKeyring({ [dataDir]: keyOf(2) })
      writeFileSync(ownFile, keyOf(3))
      const isWords = variable.includes('PASSPHRASE')
      const text = isWords ? 'five words chosen by dice' : keyOf(1)
      const file = join(dataDir, 'given')
      writeFileSync(file, text)
      const config = configOf({ [variable]: variable.endsWith('_FILE') ? file : text })
      expect(await findMasterSecret(config, keyring.open)).toEqual({
        secret: isWords ? { kind: 'passphrase', text } : randomOf(1),
        source: 'environment',
        from: variable,
      })
      expect(keyring.asked).toBe(0)
    },
  )

  it("is that of the keyring's entry for this data folder before the one that was generated", async () => {
    const keyring = createMemoryKeyring({ [dataDir]: ` ${keyOf(2)}\n`, '/another': keyOf(4) })
    writeFileSync(ownFile, keyOf(3))
    const found = await findMasterSecret(configOf(), keyring.open)
    expect(found).toMatchObject({ secret: randomOf(2), source: 'keyring' })
    expect(found.from).toContain(`“${dataDir}”`)
  })

  it('is that of the entry that the operator names, and no other', async () => {
    const keyring = createMemoryKeyring({ [dataDir]: keyOf(2), 'portal two': keyOf(4) })
    const config = configOf({ MASTER_KEYRING_ENTRY: 'portal two' })
    expect(await findMasterSecret(config, keyring.open)).toMatchObject({ secret: randomOf(4) })
  })

  it.each(['unlocked', 'absent'] as const)(
    'is generated where there is no entry in a keyring that is %s',
    async (state) => {
      const keyring = createMemoryKeyring({ '/another': keyOf(4) }, state)
      const found = await findMasterSecret(configOf(), keyring.open)
      expect(found).toMatchObject({ source: 'generated', from: ownFile })
      expect(readFileSync(ownFile, 'utf8').trim()).toHaveLength(44)
    },
  )

  it('is not generated in the place of what a locked keyring may hold, nor taken from the data folder', async () => {
    const keyring = createMemoryKeyring({}, 'locked')
    const refused = /^The keyring of the operating system.*can't be used: .*Unlock it; or.*MASTER_KEY_FILE\.$/
    await expect(findMasterSecret(configOf(), keyring.open)).rejects.toThrow(refused)
    expect(existsSync(ownFile)).toBe(false)
    writeFileSync(ownFile, keyOf(3))
    await expect(findMasterSecret(configOf(), keyring.open)).rejects.toThrow(refused)
  })

  it.each([
    ['unlocked', /no such entry/],
    ['absent', /there is no keyring/],
  ] as const)(
    'is not generated in the place of an entry that was named, in one that is %s',
    async (state, words) => {
      const keyring = createMemoryKeyring({ [dataDir]: keyOf(2) }, state)
      const found = findMasterSecret(configOf({ MASTER_KEYRING_ENTRY: 'portal' }), keyring.open)
      await expect(found).rejects.toThrow(words)
      await expect(found).rejects.toThrow(/^MASTER_KEYRING_ENTRY: .*tenantry vault keyring put/)
      expect(existsSync(ownFile)).toBe(false)
    },
  )

  it.each(['hunter2-of-the-tests', '', keyOf(1).slice(4), 'five words chosen by dice'])(
    'is refused where the keyring has %j, as MASTER_KEY would be, and not shown',
    async (text) => {
      const found = findMasterSecret(configOf(), createMemoryKeyring({ [dataDir]: text }).open)
      const error = await found.catch((thrown: unknown) => thrown)
      expect(String(error)).toMatch(/^Error: MASTER_KEY: the entry .* must be 32 bytes in base64/)
      if (text) expect(String(error)).not.toContain(text)
      expect(existsSync(ownFile)).toBe(false)
    },
  )
})

describe('a container', () => {
  it('does not start with another key than its database was sealed with, and says which it took', async () => {
    const keyring = createMemoryKeyring()
    const start = () => createContainer(configOf(), { log: silent, openKeyring: keyring.open })
    await (await start()).close()
    keyring.entries.set(dataDir, keyOf(2))
    await expect(start()).rejects.toThrow(
      /^MASTER_KEY: this is not the master key .* It was taken from the entry “.*” of the operating system's keyring\. Start/,
    )
    keyring.entries.set(dataDir, readFileSync(ownFile, 'utf8'))
    rmSync(ownFile)
    await (await start()).close()
    expect(existsSync(ownFile)).toBe(false)
    keyring.entries.clear()
    await expect(start()).rejects.toThrow(`It was taken from ${ownFile}. Start`)
  })
})

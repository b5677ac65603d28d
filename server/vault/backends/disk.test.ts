import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { keptVersions } from '#shared/contracts/vaults'
import { killedKey, killedPlace, killedValue } from '../../../tests/harness/vault-killed'
import { openValue } from '../value'
import { VaultUnavailable } from '../vault.errors'
import { openDiskBackend } from './disk'

const folders: string[] = []
function newFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'tenantry-vault-'))
  folders.push(folder)
  return folder
}
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

const entry = { vaultId: 'v', service: 'mail', name: 'password' }
const versionOf = (version: number) => ({ version, sealed: `sealed ${version}`, writtenAt: version })

describe('the vault on disk', () => {
  it('is whole whenever its process is killed', { timeout: 120_000 }, async () => {
    const folder = newFolder()
    const harness = (name: string) =>
      fileURLToPath(new URL(`../../../tests/harness/${name}`, import.meta.url))
    for (let round = 0; round < 8; round++) {
      const options = ['--import', harness('typescript.mjs'), harness('vault-writer.ts'), folder]
      const writer = spawn(process.execPath, options, { stdio: ['ignore', 'pipe', 'inherit'] })
      let told = ''
      writer.stdout.on('data', (bytes: Buffer) => (told += bytes.toString()))
      const ended = once(writer, 'exit')
      // Killed in the midst of its writing, each time at another moment.
      while (told.split('\n').length < 4 + 3 * round) await once(writer.stdout, 'data')
      for (let turn = 0; turn < round; turn++) await new Promise((resolve) => setImmediate(resolve))
      writer.kill('SIGKILL')
      await ended

      const acknowledged = Number(/(\d+)\n[^\n]*$/.exec(told)?.[1])
      const backend = await openDiskBackend(folder)
      const newest = await backend.newest(killedPlace)
      expect(newest).toBeGreaterThanOrEqual(acknowledged)
      const kept = await backend.versions(killedPlace)
      expect(kept).toHaveLength(Math.min(newest, keptVersions))
      for (const stored of kept)
        expect(openValue(killedKey, stored, killedPlace).value).toBe(killedValue(stored.version))
      expect(await backend.read(killedPlace)).toEqual(kept[0])
    }
  })

  it('clears away what a crash left, and leaves what is being written', async () => {
    const folder = newFolder()
    await openDiskBackend(folder)
    const [old, fresh] = ['old', 'fresh'].map((name) => join(folder, '.drafts', name)) as [string, string]
    for (const draft of [old, fresh]) writeFileSync(draft, 'half a secr')
    utimesSync(old, 1, 1)
    mkdirSync(join(folder, '.removed', 'half', 'gone'), { recursive: true })
    const backend = await openDiskBackend(folder)
    expect(readdirSync(join(folder, '.drafts'))).toEqual(['fresh'])
    expect(readdirSync(join(folder, '.removed'))).toEqual([])
    await backend.append(entry, versionOf(1))
    expect(readdirSync(join(folder, '.drafts'))).toEqual(['fresh'])
  })

  it('takes a version once, and the one after the newest alone', async () => {
    const backend = await openDiskBackend(newFolder())
    expect(await backend.append(entry, versionOf(2))).toBe(false)
    expect(await backend.append(entry, versionOf(1))).toBe(true)
    expect(await backend.append(entry, versionOf(1))).toBe(false)
    expect(await backend.append(entry, versionOf(3))).toBe(false)
    expect(await backend.read(entry)).toEqual(versionOf(1))
  })

  it('loses the content of what is no longer kept, and keeps its name from a slow writer', async () => {
    const folder = newFolder()
    const backend = await openDiskBackend(folder)
    for (let version = 1; version <= keptVersions + 1; version++)
      await backend.append(entry, versionOf(version))
    const first = join(folder, 'v', 'mail', 'password', '1')
    expect(statSync(first).size).toBe(0)
    utimesSync(first, 1, 1)
    await backend.append(entry, versionOf(keptVersions + 2))
    expect(readdirSync(join(folder, 'v', 'mail', 'password'))).not.toContain('1')
    expect(readFileSync(join(folder, 'v', 'mail', 'password', '2'), 'utf8')).toBe('')
  })

  it('is readable by its owner alone', async () => {
    const folder = join(newFolder(), 'vault')
    const backend = await openDiskBackend(folder)
    await backend.append(entry, versionOf(1))
    const modes = ['', 'v', 'v/mail', 'v/mail/password', 'v/mail/password/1'].map(
      (path) => statSync(join(folder, path)).mode & 0o777,
    )
    expect(modes).toEqual([0o700, 0o700, 0o700, 0o700, 0o600])
  })

  it('says what to do where the folder can not be used, and is unavailable where it is lost', async () => {
    await expect(openDiskBackend('/proc/none/vault')).rejects.toThrow(/^DATA_DIR: .*Make the folder writable/)
    const folder = newFolder()
    const backend = await openDiskBackend(folder)
    await backend.append(entry, versionOf(1))
    rmSync(folder, { recursive: true })
    writeFileSync(folder, 'no folder')
    await expect(backend.read(entry)).rejects.toBeInstanceOf(VaultUnavailable)
    await expect(backend.append(entry, versionOf(2))).rejects.toBeInstanceOf(VaultUnavailable)
    await expect(backend.ping()).rejects.toBeInstanceOf(VaultUnavailable)
  })
})

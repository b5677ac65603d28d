import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CommandLine } from '~~/tests/harness/command-line'
import { createMemoryKeyring, type MemoryKeyring } from '~~/tests/harness/keyring'

const keyOf = (fill: number) => Buffer.alloc(32, fill).toString('base64')

let dataDir: string
let ownFile: string
let keyring: MemoryKeyring
let line: CommandLine
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'tenantry-keyring-'))
  ownFile = join(dataDir, 'master.key')
  keyring = createMemoryKeyring()
  line = new CommandLine({ DATA_DIR: dataDir })
  line.openKeyring = keyring.open
})
afterEach(() => {
  line.remove()
  rmSync(dataDir, { recursive: true, force: true })
})

const inKeyring = (...args: string[]) => line.run(['vault', 'keyring', ...args])

describe('vault keyring put', () => {
  it('puts what it reads there, whole, and shows nothing of it', async () => {
    const input = `${keyOf(1)}\n`
    const done = await line.run(['vault', 'keyring', 'put', '--json'], { input })
    expect(done).toMatchObject({ code: 0, json: { entry: dataDir, moved: null, shadowedBy: null } })
    expect(Object.fromEntries(keyring.entries)).toEqual({ [dataDir]: keyOf(1) })
    expect(done.text + done.errors).not.toContain(keyOf(1))
  })

  it('takes a file, under the name that the operator gives', async () => {
    writeFileSync(join(dataDir, 'copy'), keyOf(1))
    line.env.MASTER_KEYRING_ENTRY = 'portal two'
    expect(await inKeyring('put', '--file', join(dataDir, 'copy'))).toMatchObject({ code: 0 })
    expect(Object.fromEntries(keyring.entries)).toEqual({ 'portal two': keyOf(1) })
  })

  it('generates one, and not beside one that the server has generated', async () => {
    expect(await inKeyring('put', '--generate')).toMatchObject({ code: 0 })
    expect(Buffer.from(keyring.entries.get(dataDir) ?? '', 'base64')).toHaveLength(32)
    writeFileSync(ownFile, keyOf(3))
    expect(await inKeyring('put', '--generate', '--replace')).toMatchObject({
      code: 2,
      errors: expect.stringContaining('--move'),
    })
  })

  it('moves the generated one when it is told to, and removes it once the keyring has it', async () => {
    expect((await inKeyring('put', '--move')).code).toBe(4)
    writeFileSync(ownFile, `${keyOf(3)}\n`)
    keyring.state = 'locked'
    expect(await inKeyring('put', '--move', '--json')).toMatchObject({
      code: 5,
      errors: expect.stringContaining('keyring.failed'),
    })
    expect(readFileSync(ownFile, 'utf8')).toContain(keyOf(3))
    keyring.state = 'unlocked'
    expect(await inKeyring('put', '--move', '--json')).toMatchObject({ code: 0, json: { moved: ownFile } })
    expect(existsSync(ownFile)).toBe(false)
    expect(keyring.entries.get(dataDir)).toBe(keyOf(3))
  })

  it('goes on with a move that was cut off before its end', async () => {
    writeFileSync(ownFile, keyOf(3))
    keyring.entries.set(dataDir, keyOf(3))
    expect((await inKeyring('put', '--move')).code).toBe(0)
    expect(existsSync(ownFile)).toBe(false)
  })

  it('keeps the generated one where the keyring keeps nothing', async () => {
    writeFileSync(ownFile, keyOf(3))
    keyring.entries.set = () => keyring.entries
    expect(await inKeyring('put', '--move')).toMatchObject({
      code: 1,
      errors: expect.stringContaining('did not keep the key'),
    })
    expect(existsSync(ownFile)).toBe(true)
  })

  it('replaces another one only when it is told to', async () => {
    keyring.entries.set(dataDir, keyOf(2))
    const input = keyOf(1)
    expect(await line.run(['vault', 'keyring', 'put'], { input })).toMatchObject({
      code: 1,
      errors: expect.stringContaining('keyring.entry_exists'),
    })
    expect(keyring.entries.get(dataDir)).toBe(keyOf(2))
    expect((await line.run(['vault', 'keyring', 'put', '--replace'], { input })).code).toBe(0)
    expect(keyring.entries.get(dataDir)).toBe(keyOf(1))
  })

  it.each(['hunter2', keyOf(1).slice(4), 'five words chosen by dice'])(
    'refuses %j, as the server would, and does not repeat it',
    async (input) => {
      const { code, errors } = await line.run(['vault', 'keyring', 'put'], { input })
      expect({ code, errors }).toMatchObject({ code: 1, errors: expect.stringContaining('cli.key_invalid') })
      expect(errors).not.toContain(input)
      expect(keyring.entries.size).toBe(0)
    },
  )

  it('refuses two sources, a key on the command line, and where there is no keyring', async () => {
    expect((await inKeyring('put', '--generate', '--move')).code).toBe(2)
    expect((await inKeyring('put', keyOf(1))).code).toBe(2)
    keyring.state = 'absent'
    expect(await inKeyring('put', '--generate')).toMatchObject({
      code: 5,
      errors: expect.stringContaining('keyring.none'),
    })
  })

  it('says that a variable comes before it', async () => {
    line.env.MASTER_KEY = keyOf(9)
    expect((await inKeyring('put', '--generate')).text).toMatch(/MASTER_KEY is set, and comes before it/)
    expect((await inKeyring('show', '--json')).json).toMatchObject({ shadowedBy: 'MASTER_KEY' })
  })
})

describe('vault keyring show', () => {
  it('says whether there is one, and nothing of it', async () => {
    const none = { entry: dataDir, present: false, valid: null }
    expect((await inKeyring('show', '--json')).json).toMatchObject({ keyring: true, ...none })
    keyring.entries.set(dataDir, keyOf(1))
    const there = await inKeyring('show', '--json')
    expect(there).toMatchObject({ code: 0, json: { keyring: true, present: true, valid: true } })
    expect(there.text).not.toContain(keyOf(1))
    keyring.state = 'absent'
    expect((await inKeyring('show', '--json')).json).toMatchObject({ keyring: false, ...none })
    keyring.state = 'locked'
    expect((await inKeyring('show')).code).toBe(5)
  })

  it('ends with 1 where what is there is no master key', async () => {
    keyring.entries.set(dataDir, 'hunter2')
    const { code, text, errors } = await inKeyring('show')
    expect({ code, text }).toEqual({ code: 1, text: expect.stringContaining('no master key') })
    expect(text + errors).not.toContain('hunter2')
  })
})

describe('vault keyring remove', () => {
  it('removes it when it is meant, once', async () => {
    keyring.entries.set(dataDir, keyOf(1))
    expect((await inKeyring('remove')).code).toBe(2)
    expect(keyring.entries.has(dataDir)).toBe(true)
    expect((await inKeyring('remove', '--yes')).code).toBe(0)
    expect(keyring.entries.has(dataDir)).toBe(false)
    expect(await inKeyring('remove', '--yes')).toMatchObject({
      code: 4,
      errors: expect.stringContaining('keyring.no_entry'),
    })
  })
})

describe('vault rotate', () => {
  it('takes the key in use from the keyring, and says how the next one comes into it', async () => {
    keyring.entries.set(dataDir, keyOf(1))
    expect((await line.run(['vault', 'check'])).code).toBe(0)
    expect(existsSync(ownFile)).toBe(false)
    expect(await line.run(['vault', 'rotate'])).toMatchObject({
      code: 2,
      errors: expect.stringContaining('keyring'),
    })
    const next = join(dataDir, 'next.key')
    const rotate = ['vault', 'rotate', '--new-key-file', next, '--generate', '--grace', '0']
    const { code, text } = await line.run(rotate)
    expect({ code, text }).toEqual({ code: 0, text: expect.stringContaining('keyring put --replace --file') })
    expect((await line.run(['vault', 'check'])).code).toBe(1)
    expect((await inKeyring('put', '--replace', '--file', next)).code).toBe(0)
    expect((await line.run(['vault', 'check'])).code).toBe(0)
  })
})

import { execFile } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, expect, test } from 'vitest'
import { makeDatabase } from '~~/tests/harness/databases'
import { createLog } from '#server/lib/log'
import { type Database, openDatabase } from '../database'
import { isDatabaseUnavailable } from '../database.errors'

const folder = mkdtempSync(join(tmpdir(), 'tenantry-sqlite-'))
const log = createLog('silent')
const undo: (() => Promise<void> | void)[] = [() => rmSync(folder, { recursive: true })]
afterAll(async () => {
  for (const step of undo.reverse()) await step()
})

async function open(url: string): Promise<Database> {
  const database = await openDatabase({ url, poolMax: 1, log })
  undo.push(() => database.close())
  return database
}

async function openMigrated(): Promise<{ url: string; database: Database }> {
  const made = await makeDatabase('sqlite')
  undo.push(() => made.remove())
  return { url: made.url, database: await open(made.url) }
}

const pragma = (database: Pick<Database, 'client'>, name: string) =>
  database.client
    .$queryRawUnsafe<Record<string, unknown>[]>(`PRAGMA ${name}`)
    .then(([row]) => Object.values(row ?? {})[0])

async function settings(database: Pick<Database, 'client'>) {
  const names = ['journal_mode', 'foreign_keys', 'busy_timeout', 'synchronous']
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await pragma(database, name)])),
  )
}

test('its settings hold before, inside of and after transactions, whether they commit or fail', async () => {
  const { database } = await openMigrated()
  const expected = { journal_mode: 'wal', foreign_keys: 1, busy_timeout: 25, synchronous: 1 }
  expect(await settings(database)).toEqual(expected)
  expect(await database.transaction((client) => settings({ client }))).toEqual(expected)
  expect(await settings(database)).toEqual(expected)
  await database.transaction(() => Promise.reject(new Error('refused'))).catch(() => undefined)
  expect(await settings(database)).toEqual(expected)
})

test(
  'three processes that read and write one row at once lose nothing, and fail never',
  { timeout: 30_000 },
  async () => {
    const { url, database } = await openMigrated()
    await database.client.setting.create({ data: { key: 'count', value: 0, updatedAt: new Date() } })
    const program = join(folder, 'count.ts')
    writeFileSync(
      program,
      `import { openDatabase } from '#server/storage/database'
    const database = await openDatabase({ url: ${JSON.stringify(url)}, poolMax: 1, log: console })
    for (let i = 0; i < 50; i++) {
      await database.transaction(async (tx) => {
        const { value } = await tx.setting.findUniqueOrThrow({ where: { key: 'count' } })
        await tx.setting.update({ where: { key: 'count' }, data: { value: value + 1 } })
      })
      await database.client.setting.update({ where: { key: 'count' }, data: { version: { increment: 1 } } })
    }
    await database.close()`,
    )
    const hooks = new URL('../../../tests/harness/typescript.mjs', import.meta.url).href
    const run = () => promisify(execFile)(process.execPath, ['--import', hooks, program])
    await Promise.all([run(), run(), run()])
    expect(await database.client.setting.findMany()).toMatchObject([{ value: 150, version: 151 }])
  },
)

test('a statement waits for another writer without holding up this process', async () => {
  const { url, database } = await openMigrated()
  const other = await open(url)
  let ticks = 0
  const ticking = setInterval(() => ticks++, 1)
  let release = () => {}
  const held = new Promise<void>((resolve) => (release = resolve))
  const holding = database.transaction(async (tx) => {
    await tx.setting.create({ data: { key: 'held', value: 1, updatedAt: new Date() } })
    await held
  })
  const waiting = other.client.setting.create({ data: { key: 'waits', value: 1, updatedAt: new Date() } })
  // Reading goes on beside a writer, and sees nothing of it.
  const third = await open(url)
  expect(await third.client.setting.count()).toBe(0)
  while (ticks < 50) await new Promise(setImmediate)
  clearInterval(ticking)
  release()
  await holding
  await waiting
  expect(await third.client.setting.count()).toBe(2)
})

test('file and folder are made for their owner alone, and nothing but the file is left when it is closed', async () => {
  const path = join(folder, 'made/for us/tenantry.db')
  const database = await open(`file:${path}`)
  await database.client.$executeRaw`CREATE TABLE t (x)`
  const mode = (of: string) => (statSync(of).mode & 0o777).toString(8)
  expect(mode(join(folder, 'made'))).toBe('700')
  expect([mode(path), mode(`${path}-wal`), mode(`${path}-shm`)]).toEqual(['600', '600', '600'])
  await database.close()
  expect(existsSync(`${path}-wal`) && statSync(`${path}-wal`).size > 0).toBe(false)
})

test('a file that others can read is made its owner’s alone', async () => {
  const path = join(folder, 'open.db')
  writeFileSync(path, '')
  chmodSync(path, 0o644)
  await open(`file:${path}`)
  expect(statSync(path).mode & 0o777).toBe(0o600)
})

test('what can’t be used is named with its remedy', async () => {
  const file = join(folder, 'a-file')
  writeFileSync(file, 'This is no database, but long enough to have a header of its own: '.repeat(20))
  mkdirSync(join(folder, 'a-folder'))
  for (const url of [
    `file:${file}/below/x.db`,
    `file:${folder}/a-folder`,
    `file:${file}`,
    'file:/proc/none/x.db',
  ]) {
    const opening = openDatabase({ url, poolMax: 1, log })
    await expect(opening).rejects.toThrow(/\(DATABASE_URL\) can't be used: .+ set DATA_DIR or DATABASE_URL/s)
  }
  for (const url of ['file:', 'file::memory:', 'file:x.db?mode=ro']) {
    await expect(openDatabase({ url, poolMax: 1, log })).rejects.toThrow(
      'DATABASE_URL must be file: and the path',
    )
  }
})

test('a file that is taken away is noticed, and found again', async () => {
  const { url, database } = await openMigrated()
  const path = url.slice('file:'.length)
  renameSync(path, `${path}.away`)
  expect(isDatabaseUnavailable(await database.ping().catch((error: unknown) => error))).toBe(true)
  renameSync(`${path}.away`, path)
  await database.ping()
})

test('a full disk, or one that fails, counts as the database being away, and leaves nothing half done', async () => {
  const { database } = await openMigrated()
  const pages = Number(await pragma(database, 'page_count'))
  await pragma(database, `max_page_count = ${pages}`)
  const value = 'x'.repeat(100_000)
  const writing = database.transaction(async (tx) => {
    await tx.cacheEntry.create({ data: { key: 'small', value: '', expiresAt: 0n } })
    await tx.cacheEntry.create({ data: { key: 'large', value, expiresAt: 0n } })
  })
  expect(isDatabaseUnavailable(await writing.catch((error: unknown) => error))).toBe(true)
  expect(await database.client.cacheEntry.count()).toBe(0)
  await pragma(database, `max_page_count = ${pages + 1000}`)
  await database.client.cacheEntry.create({ data: { key: 'large', value, expiresAt: 0n } })
})

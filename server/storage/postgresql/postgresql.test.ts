import { createServer } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type PostgresqlServer, startPostgresql } from '~~/tests/harness/postgresql'
import { createLog } from '#server/lib/log'
import { type Database, openDatabase } from '../database'
import { isDatabaseUnavailable } from '../database.errors'

const log = createLog('silent')
let server: PostgresqlServer
const opened: Database[] = []

/** This suite takes its server away, so it has one of its own. */
beforeAll(async () => {
  server = await startPostgresql()
})
afterAll(async () => {
  for (const database of opened) await database.close()
  await server.stop()
})

async function open(url: string, poolMax = 2): Promise<Database> {
  const database = await openDatabase({ url, poolMax, log })
  opened.push(database)
  return database
}

/** Whether work fails as it does while the database is away; throws where it fails otherwise. */
async function isAway(work: Promise<unknown>): Promise<boolean> {
  try {
    await work
    return false
  } catch (error) {
    if (!isDatabaseUnavailable(error)) throw error
    return true
  }
}

/** Whoever else is connected. PostgreSQL still shows for a while what has ended; what is left open stays. */
const othersOf = (database: Database) =>
  database.client.$queryRaw<{ pid: number }[]>`
    SELECT pid FROM pg_stat_activity WHERE application_name = 'tenantry' AND pid <> pg_backend_pid()`

async function terminateOthers(database: Database): Promise<void> {
  await database.client.$queryRaw`
    SELECT pg_terminate_backend(pid)::text FROM pg_stat_activity
    WHERE application_name = 'tenantry' AND pid <> pg_backend_pid()`
  await expect.poll(() => othersOf(database)).toEqual([])
}

test('while the server is away everything fails as such, and works again when it is back', async () => {
  const database = await open(server.url)
  const { client, transaction } = database
  await client.$executeRaw`CREATE TABLE note (text TEXT)`
  let begun = () => {}
  const beginning = new Promise<void>((resolve) => (begun = resolve))
  let proceed = () => {}
  const proceeding = new Promise<void>((resolve) => (proceed = resolve))
  const cutTransaction = transaction(async (tx) => {
    await tx.$executeRaw`INSERT INTO note VALUES ('half')`
    begun()
    await proceeding
    await tx.$executeRaw`INSERT INTO note VALUES ('other half')`
  }).then(
    () => 'committed',
    (error: unknown) => isDatabaseUnavailable(error),
  )
  await beginning
  const cutQuery = isAway(client.$queryRaw`SELECT pg_sleep(60)::text`)
  await expect
    .poll(async () => {
      const other = await open(server.url, 1)
      const rows = await other.client
        .$queryRaw`SELECT 1 FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'`
      return rows
    })
    .toHaveLength(1)

  await server.interrupt()
  proceed()
  expect(await cutQuery).toBe(true)
  expect(await cutTransaction).toBe(true)
  expect(await isAway(client.$queryRaw`SELECT 1`)).toBe(true)
  expect(await isAway(client.setting.findMany())).toBe(true)
  expect(await isAway(transaction((tx) => tx.$queryRaw`SELECT 1`))).toBe(true)
  expect(await isAway(database.ping())).toBe(true)

  await server.resume()
  await database.ping()
  expect(await transaction((tx) => tx.$queryRaw`SELECT text FROM note`)).toEqual([])
})

test('connections that were cut while idle are replaced before anybody notices', async () => {
  const database = await open(server.url)
  await Promise.all([database.ping(), database.ping()])
  await terminateOthers(await open(server.url, 1))
  await expect.poll(() => isAway(database.ping())).toBe(false)
  for (let round = 0; round < 4; round++) await database.ping()
})

test('a transaction whose connection is cut fails, and gives its place back', async () => {
  const database = await open(server.url, 1)
  const other = await open(server.url, 1)
  const cut = database.transaction(async (tx) => {
    await tx.$queryRaw`SELECT 1`
    await terminateOthers(other)
    await tx.$queryRaw`SELECT 1`
  })
  expect(await isAway(cut)).toBe(true)
  await database.ping()
})

test('a server that refuses counts as away: nobody there, no such host, password, database, or room', async () => {
  const port = new URL(server.url).port
  const nobody = await new Promise<number>((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
  for (const url of [
    `postgresql://u:p@127.0.0.1:${nobody}/x`,
    `postgresql://u:p@localhost:${nobody}/x`,
    'postgresql://u:p@no-such-host.invalid/x',
    `postgresql://postgres:wrong@127.0.0.1:${port}/postgres`,
    server.url.replace(/postgres$/, 'no_such_database'),
    `${server.url}?sslmode=require`,
  ]) {
    const database = await open(url)
    expect(await isAway(database.ping())).toBe(true)
    expect(await isAway(database.client.setting.findMany())).toBe(true)
    expect(await isAway(database.transaction((tx) => tx.$queryRaw`SELECT 1`))).toBe(true)
  }
})

test(
  'whoever gets no connection in time is told that the database is away',
  { timeout: 30_000 },
  async () => {
    const database = await open(server.url, 1)
    const holding = database.client.$queryRaw`SELECT pg_sleep(60)::text`.catch(() => undefined)
    const other = await open(server.url, 1)
    const sleeping = () =>
      other.client.$queryRaw<unknown[]>`
        SELECT 1 FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%' AND pid <> pg_backend_pid()`
    await expect.poll(async () => (await sleeping()).length, { timeout: 5_000 }).toBe(1)
    const transaction = database.transaction((tx) => tx.$queryRaw`SELECT 1`)
    expect(await Promise.all([isAway(database.ping()), isAway(transaction)])).toEqual([true, true])
    await terminateOthers(other)
    await holding
    await database.ping()
  },
)

test('a pool never has more connections than it may', async () => {
  const database = await open(server.url, 3)
  const other = await open(server.url, 1)
  await terminateOthers(other)
  await Promise.all(Array.from({ length: 30 }, () => database.ping()))
  expect(await othersOf(other)).toHaveLength(3)
})

test('reads that are asked at once share one connection, and each gets its own answer or its own error', async () => {
  const database = await open(server.url)
  const other = await open(server.url, 1)
  await terminateOthers(other)
  const texts = Array.from({ length: 300 }, (_, index) => `text ${index}`)
  const answers = await Promise.allSettled([
    ...texts.map((text) => database.read('SELECT CAST(? AS TEXT)', ['text'], [text])),
    database.read('SELECT 1 / CAST(? AS INTEGER)', ['none'], ['0']),
    ...texts.map((text) => database.read('SELECT CAST(? AS TEXT)', ['text'], [text])),
  ])
  const failed = answers.filter((answer) => answer.status === 'rejected')
  expect(failed.map(({ reason }) => String(reason))).toEqual([expect.stringContaining('division by zero')])
  const rows = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []))
  expect(rows).toEqual([...texts, ...texts].map((text) => ({ text })))
  expect(await othersOf(other)).toHaveLength(1)
})

test('a read that is cut off tells that the database is away, and the next one is answered', async () => {
  const database = await open(server.url)
  const other = await open(server.url, 1)
  const read = () => database.read('SELECT CAST(? AS TEXT)', ['text'], ['whole'])
  await read()
  const cut = ['1', '2'].map((text) =>
    isAway(
      database.read('SELECT CAST(? AS TEXT), CAST(pg_sleep(60) AS TEXT) AS reads', ['text', 'slept'], [text]),
    ),
  )
  const sleeping = () =>
    other.client.$queryRaw<
      unknown[]
    >`SELECT 1 FROM pg_stat_activity WHERE query LIKE '%AS reads' AND state = 'active'`
  await expect.poll(async () => (await sleeping()).length).toBe(1)
  await terminateOthers(other)
  expect(await Promise.all(cut)).toEqual([true, true])
  expect(await read()).toEqual([{ text: 'whole' }])
})

test('a read that was asked just before the end leaves no connection behind', async () => {
  const database = await openDatabase({ url: server.url, poolMax: 1, log })
  const other = await open(server.url, 1)
  await terminateOthers(other)
  const reading = isAway(database.read('SELECT CAST(? AS TEXT)', ['text'], ['late']))
  await database.close()
  expect(await reading).toBe(true)
  await expect.poll(() => othersOf(other)).toEqual([])
})

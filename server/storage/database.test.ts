import { AsyncLocalStorage } from 'node:async_hooks'
import { describe, expect, test } from 'vitest'
import { describeEachDatabase } from '~~/tests/harness/databases'
import { createLog } from '#server/lib/log'
import { newId } from '#server/lib/ids'
import { openDatabase, type DatabaseClient } from './database'
import { isDatabaseUnavailable, isRecordNotFound, isUniqueViolation } from './database.errors'

const now = new Date('2026-01-01T00:00:00Z')

/** Makes a row with a number in it, under a name of its own. */
async function makeCounter(client: DatabaseClient, value = 0): Promise<string> {
  const key = newId()
  await client.setting.create({ data: { key, value, updatedAt: now } })
  return key
}

async function read(client: DatabaseClient, key: string): Promise<number> {
  const { value } = await client.setting.findUniqueOrThrow({ where: { key } })
  return Number(value)
}

async function add(tx: DatabaseClient, key: string): Promise<void> {
  const value = (await read(tx, key)) + 1
  await tx.setting.update({ where: { key }, data: { value } })
}

const caught = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  )

describeEachDatabase('a database', (given) => {
  test('a transaction commits what it wrote, and answers what its work answered', async () => {
    const { client, transaction } = given.database
    const key = await makeCounter(client)
    expect(await transaction(async (tx) => (await add(tx, key), 'done'))).toBe('done')
    expect(await read(client, key)).toBe(1)
  })

  test('a transaction whose work throws leaves nothing, and throws that very error', async () => {
    const { client, transaction } = given.database
    const key = await makeCounter(client)
    const refusal = new Error('refused')
    const failing = transaction(async (tx) => {
      await add(tx, key)
      throw refusal
    })
    expect(await caught(failing)).toBe(refusal)
    expect(await read(client, key)).toBe(0)
  })

  test('reads by the driver itself, outside of transactions alone', async () => {
    const { client, read: ask, transaction } = given.database
    const key = await makeCounter(client, 7)
    const statement = 'SELECT "key", CAST("updatedAt" AS TEXT) FROM "Setting" WHERE "key" = ? OR "key" = ?'
    const columns = ['key', 'updatedAt']
    const [row, ...more] = await ask(statement, columns, [key, "' OR 1 = 1 --"])
    expect([row?.key, more]).toEqual([key, []])
    expect(await ask(statement, columns, ['none', 'none'])).toEqual([])
    await expect(transaction(() => ask(statement, columns, [key, key]))).rejects.toThrow(
      /Inside of a transaction/,
    )

    const other = await given.openAnother()
    await other.ping()
    await other.close()
    expect(isDatabaseUnavailable(await caught(other.read(statement, columns, [key, key])))).toBe(true)
  })

  test('what many transactions at once read and then write is never lost, over two connections', async () => {
    const { client, transaction } = given.database
    const other = await given.openAnother()
    const key = await makeCounter(client)
    const ten = Array.from({ length: 10 })
    await Promise.all(
      ten.flatMap(() => [transaction((tx) => add(tx, key)), other.transaction((tx) => add(tx, key))]),
    )
    expect(await read(client, key)).toBe(20)
  })

  test('two transactions that each rely on what the other changes do not both succeed unseen', async () => {
    const other = await given.openAnother()
    const { client, transaction } = given.database
    const [left, right] = [await makeCounter(client, 1), await makeCounter(client, 1)]
    const stepDown = (key: string) => async (tx: DatabaseClient) => {
      if ((await read(tx, left)) + (await read(tx, right)) < 2) return 'stays'
      await tx.setting.update({ where: { key }, data: { value: 0 } })
      return 'steps down'
    }
    const outcomes = await Promise.all([transaction(stepDown(left)), other.transaction(stepDown(right))])
    expect(outcomes.sort()).toEqual(['stays', 'steps down'])
  })

  test('after a query failed, neither another one nor the commit is accepted', async () => {
    const { client, transaction } = given.database
    const key = await makeCounter(client)
    const swallow = async (tx: DatabaseClient) => {
      await add(tx, key)
      await caught(tx.setting.create({ data: { key, value: 0, updatedAt: now } }))
    }
    expect(isUniqueViolation(await caught(transaction(swallow)))).toBe(true)
    const carryOn = transaction(async (tx) => {
      await swallow(tx)
      await read(tx, key)
    })
    expect(isUniqueViolation(await caught(carryOn))).toBe(true)
    expect(await read(client, key)).toBe(0)
    expect(await transaction((tx) => read(tx, key))).toBe(0)
  })

  test('inside of a transaction, neither another one nor the plain client can be used', async () => {
    const { client, transaction } = given.database
    const key = await makeCounter(client)
    await expect(transaction(() => transaction((tx) => add(tx, key)))).rejects.toThrow('pass its client on')
    await expect(transaction(() => read(client, key))).rejects.toThrow("transaction's client")
    // What a transaction started and did not wait for may use both, once it has ended.
    let later: Promise<unknown> | undefined
    let end = () => {}
    const ended = new Promise<void>((resolve) => (end = resolve))
    await transaction(async () => void (later = ended.then(() => transaction((tx) => add(tx, key)))))
    end()
    await later
    expect(await read(client, key)).toBe(1)
  })

  test('what somebody else asks for in the very moment of a transaction is not taken for a part of it', async () => {
    const { client, transaction } = given.database
    const key = await makeCounter(client)
    const asSomebodyElse = AsyncLocalStorage.snapshot()
    let theirs: Promise<number> | undefined
    await transaction(async (tx) => {
      const ours = read(tx, key)
      theirs = asSomebodyElse(() => read(client, key))
      theirs.catch(() => undefined)
      await ours
    })
    expect(await theirs).toBe(0)
  })

  test('foreign keys hold', async () => {
    const at = { createdAt: now, lastSeenAt: now, expiresAt: now }
    const orphan = { id: newId(), tokenHash: newId(), userId: newId(), ...at }
    await expect(given.database.client.session.create({ data: orphan })).rejects.toMatchObject({
      code: 'P2003',
    })
  })

  test('large whole numbers and moments come back as they were', async () => {
    const { client } = given.database
    const entry = { key: newId(), value: 'é'.repeat(1000), expiresAt: 2n ** 62n + 1n }
    await client.cacheEntry.create({ data: entry })
    expect(await client.cacheEntry.findUnique({ where: { key: entry.key } })).toEqual(entry)
    const updatedAt = new Date('2026-01-02T03:04:05.678Z')
    const setting = {
      key: newId(),
      value: { list: [1, 'ü', null], deep: { yes: true } },
      updatedAt,
      version: 1,
    }
    await client.setting.create({ data: setting })
    expect(await client.setting.findUnique({ where: { key: setting.key } })).toEqual(setting)
  })

  test('nothing is written where nothing is the only value', async () => {
    const { client } = given.database
    const now = new Date()
    const tenant = {
      id: newId(),
      slug: newId(),
      name: 'Acme',
      nameKey: 'acme',
      createdAt: now,
      updatedAt: now,
    }
    await client.tenant.create({ data: { ...tenant, work: { create: { leaseUntil: now } } } })
    expect(await client.provisioningWork.updateMany({ data: { leaseUntil: null } })).toEqual({ count: 1 })
    await client.tenant.deleteMany()
  })

  test('what a transaction asks for at once, and several relations, are read one after the other', async () => {
    const { client, transaction } = given.database
    const now = new Date()
    const tenant = {
      id: newId(),
      slug: newId(),
      name: 'Acme',
      nameKey: 'acme',
      createdAt: now,
      updatedAt: now,
    }
    await client.tenant.create({ data: tenant })
    const include = { work: true, steps: true, runs: true, members: true, domains: true } as const
    const read = (tx: DatabaseClient) => tx.tenant.findUnique({ where: { id: tenant.id }, include })
    const found = await transaction((tx) => Promise.all([read(tx), makeCounter(tx), read(tx)]))
    expect(found[2]).toMatchObject({ id: tenant.id, work: null, steps: [] })
    await client.tenant.deleteMany()
  })

  test('a unique violation is recognised, and its column', async () => {
    const { client } = given.database
    const key = await makeCounter(client)
    const error = await caught(client.setting.create({ data: { key, value: 0, updatedAt: now } }))
    expect(isUniqueViolation(error)).toBe(true)
    const raw = await caught(client.$executeRaw`
      INSERT INTO "CacheEntry" ("key", "value", "expiresAt") VALUES ('twice', '', 0), ('twice', '', 0)`)
    expect(isUniqueViolation(raw)).toBe(true)
    expect(isUniqueViolation(new Error('another'))).toBe(false)

    const user = { email: 'a@example.org', name: 'A', nameKey: 'a', createdAt: now, updatedAt: now }
    await client.user.create({ data: { id: newId(), ...user } })
    const twice = await caught(client.user.create({ data: { id: newId(), ...user } }))
    expect(isUniqueViolation(twice, 'email')).toBe(true)
    expect(isUniqueViolation(twice, 'slug', 'id')).toBe(false)
  })

  test('a change of a row that is not there is recognised', async () => {
    const missing = given.database.client.setting.update({ where: { key: 'nowhere' }, data: { value: 1 } })
    expect(isRecordNotFound(await caught(missing))).toBe(true)
    expect(isRecordNotFound(new Error('another'))).toBe(false)
  })

  test('no fault of a caller counts as the database being away', async () => {
    const { client } = given.database
    const key = await makeCounter(client)
    for (const work of [
      () => client.setting.create({ data: { key, value: 0, updatedAt: now } }),
      () => client.setting.update({ where: { key: 'nowhere' }, data: { value: 1 } }),
      () => client.$queryRaw`SELECT * FROM nothing`,
      () => given.database.transaction(() => Promise.reject(new Error('refused'))),
    ]) {
      const error = await caught(work())
      expect(error).toBeInstanceOf(Error)
      expect(isDatabaseUnavailable(error)).toBe(false)
    }
  })

  test('it answers a ping until it is closed, and then refuses instead of opening again', async () => {
    const database = await given.openAnother()
    await database.ping()
    await database.close()
    await database.close()
    const { client, ping, transaction } = database
    for (const work of [ping, () => client.setting.count(), () => transaction(() => Promise.resolve())]) {
      expect(isDatabaseUnavailable(await caught(work()))).toBe(true)
    }
  })
})

describe('openDatabase', () => {
  test.each(['', 'mysql://localhost/x', 'sqlite:x.db', 'postgres:/x'])(
    'refuses "%s" in words',
    async (url) => {
      const opening = openDatabase({ url, poolMax: 1, log: createLog('silent') })
      await expect(opening).rejects.toThrow('DATABASE_URL must start with file: or postgresql://')
    },
  )
})

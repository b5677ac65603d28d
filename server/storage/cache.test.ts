import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { describeEachDatabase } from '~~/tests/harness/databases'
import { freePort } from '~~/tests/harness/postgresql'
import { type RedisServer, startRedis } from '~~/tests/harness/redis'
import { addSeconds } from '#server/lib/clock'
import { newId } from '#server/lib/ids'
import { createLog } from '#server/lib/log'
import { type Cache, isCacheUnavailable } from './cache'
import { openDatabaseCache } from './cache-database'
import { openRedisCache } from './cache-redis'

const log = createLog('silent')
const fifty = Array.from({ length: 50 }, (_, index) => index)

interface Given {
  /** Two of different replicas. */
  caches(): [Cache, Cache]
  letPass(seconds: number): Promise<void>
}

/** What every cache does, whatever keeps it. */
function itIsACache({ caches, letPass }: Given): void {
  test('gives what was set, to every replica, until it is deleted', async () => {
    const [cache, other] = caches()
    const key = newId()
    expect(await cache.get(key)).toBeNull()
    await cache.set(key, 'first', 60)
    await cache.set(key, 'zweitens: ü "\' \n', 60)
    expect(await other.get(key)).toBe('zweitens: ü "\' \n')
    await other.delete(key)
    await other.delete(key)
    expect(await cache.get(key)).toBeNull()
  })

  test('forgets when the time to live has passed, and not before; setting again starts it anew', async () => {
    const [cache] = caches()
    const key = newId()
    await cache.set(key, 'a', 10)
    await letPass(9)
    expect(await cache.get(key)).toBe('a')
    await cache.set(key, 'b', 10)
    await letPass(9)
    expect(await cache.get(key)).toBe('b')
    await letPass(1)
    expect(await cache.get(key)).toBeNull()
    expect(await cache.take(key)).toBeNull()
  })

  test('sets if absent for one of many at once, and again when that has expired', async () => {
    const [cache, other] = caches()
    const key = newId()
    const race = () =>
      Promise.all(fifty.map((racer) => (racer % 2 ? cache : other).setIfAbsent(key, `${racer}`, 10)))
    const outcomes = await race()
    expect(outcomes.filter(Boolean)).toHaveLength(1)
    expect(await cache.get(key)).toBe(`${outcomes.indexOf(true)}`)
    expect(await cache.setIfAbsent(key, 'late', 60)).toBe(false)
    await letPass(10)
    expect((await race()).filter(Boolean)).toHaveLength(1)
  })

  test('gives what is taken to one of many at once', async () => {
    const [cache, other] = caches()
    const key = newId()
    await cache.set(key, 'token', 60)
    const outcomes = await Promise.all(fifty.map((racer) => (racer % 2 ? cache : other).take(key)))
    expect(outcomes.filter((value) => value !== null)).toEqual(['token'])
    expect(await cache.get(key)).toBeNull()
  })

  test('counts every one of many at once, in a window that begins with the first', async () => {
    const [cache, other] = caches()
    const key = newId()
    const counted = await Promise.all(fifty.map((racer) => (racer % 2 ? cache : other).increment(key, 60)))
    expect(counted.map(({ count }) => count).sort((a, b) => a - b)).toEqual(fifty.map((index) => index + 1))
    for (const { resetsInSeconds } of counted) {
      expect(resetsInSeconds).toBeGreaterThan(50)
      expect(resetsInSeconds).toBeLessThanOrEqual(60)
    }
    await letPass(40)
    const last = await cache.increment(key, 60)
    expect(last.count).toBe(51)
    expect(last.resetsInSeconds).toBeLessThanOrEqual(20)
    await letPass(20)
    expect(await other.increment(key, 60)).toMatchObject({ count: 1 })
    await cache.delete(key)
    expect(await other.increment(key, 60)).toMatchObject({ count: 1 })
  })

  test('takes back what was counted, in the same window', async () => {
    const [cache, other] = caches()
    const key = newId()
    await Promise.all(fifty.map(() => cache.increment(key, 60)))
    await Promise.all(fifty.slice(0, 20).map(() => other.increment(key, 60, -1)))
    expect(await cache.increment(key, 60, 3)).toMatchObject({ count: 33 })
  })

  test('sweeps away what has expired, and nothing else', async () => {
    const [cache] = caches()
    const [lasting, renewed] = [newId(), newId()]
    await cache.set(lasting, 'stays', 100)
    for (const index of fifty) await cache.set(`${lasting}:${index}`, 'goes', 10)
    await cache.set(renewed, 'goes', 10)
    await letPass(10)
    await cache.set(renewed, 'stays', 10)
    await cache.sweep()
    expect(await cache.get(lasting)).toBe('stays')
    expect(await cache.get(renewed)).toBe('stays')
    expect(await cache.get(`${lasting}:0`)).toBeNull()
    await cache.ping()
  })
}

describeEachDatabase('the cache in the database', (given) => {
  let now = new Date('2026-01-01T00:00:00Z')
  const clock = { now: () => now }
  const letPass = async (seconds: number) => void (now = addSeconds(now, seconds))
  let caches: [Cache, Cache]
  beforeAll(async () => {
    const other = await given.openAnother()
    caches = [
      openDatabaseCache({ database: given.database, clock }),
      openDatabaseCache({ database: other, clock }),
    ]
  })
  itIsACache({ caches: () => caches, letPass })

  test('sweeps thousands in batches, with others sweeping and writing at once', async () => {
    const { client } = given.database
    await client.cacheEntry.deleteMany()
    const expiresAt = BigInt(now.getTime())
    const entries = Array.from({ length: 2500 }, (_, index) => ({ key: `k${index}`, value: '', expiresAt }))
    await client.cacheEntry.createMany({ data: entries })
    const renewing = fifty.map((index) => caches[0].set(`k${index * 50}`, 'renewed', 10))
    // Those who sweep the same entries get in each other's way, and may leave some for the next time.
    await Promise.all([caches[0].sweep(), caches[1].sweep(), ...renewing])
    await caches[0].sweep()
    expect(await client.cacheEntry.findMany({ where: { value: '' } })).toEqual([])
    expect(await client.cacheEntry.count()).toBe(50)
  })
})

describe('the cache in Redis', () => {
  let server: RedisServer
  let admin: Redis
  let caches: [Cache, Cache]
  beforeAll(async () => {
    server = await startRedis()
    admin = new Redis(server.url)
    admin.on('error', () => undefined)
    caches = [openRedisCache({ url: server.url, log }), openRedisCache({ url: server.url, log })]
  })
  afterAll(async () => {
    admin.disconnect()
    for (const cache of caches) await cache.close()
    await server.stop()
  })

  /** Redis has a clock of its own: what is left to live is shortened instead. */
  async function letPass(seconds: number): Promise<void> {
    for (const key of await admin.keys('*'))
      await admin.pexpire(key, (await admin.pttl(key)) - seconds * 1000)
  }
  itIsACache({ caches: () => caches, letPass })

  test('keeps its keys under a name of its own', async () => {
    await caches[0].set('mine', 'x', 60)
    expect(await admin.get('tenantry:mine')).toBe('x')
  })

  test('while the server is away every call fails at once, and none is made up for when it is back', async () => {
    const [cache] = caches
    await cache.set('before', 'x', 60)
    await server.interrupt()
    const started = performance.now()
    for (const call of [
      () => cache.get('a'),
      () => cache.setIfAbsent('queued', 'x', 60),
      () => cache.increment('queued', 60),
      () => cache.ping(),
    ]) {
      expect(isCacheUnavailable(await call().catch((error: unknown) => error))).toBe(true)
    }
    expect(performance.now() - started).toBeLessThan(4_000)
    await server.resume()
    await expect
      .poll(
        () =>
          cache.ping().then(
            () => 'back',
            () => 'away',
          ),
        { timeout: 10_000 },
      )
      .toBe('back')
    expect(await cache.get('queued')).toBeNull()
  })

  test('a server that was never there, or that wants a password, counts as away; its secret is not told', async () => {
    await admin.config('SET', 'requirepass', 'right')
    const port = new URL(server.url).port
    for (const url of [
      `redis://:secret@127.0.0.1:${await freePort()}`,
      `redis://:wrong-secret@127.0.0.1:${port}`,
    ]) {
      const cache = openRedisCache({ url, log })
      const error = await cache.get('a').catch((caught: unknown) => caught)
      expect(isCacheUnavailable(error)).toBe(true)
      expect(String(error)).not.toContain('secret')
      await cache.close()
      expect(isCacheUnavailable(await cache.get('a').catch((caught: unknown) => caught))).toBe(true)
    }
  })
})

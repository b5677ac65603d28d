import { once } from 'node:events'
import type { Redis } from 'ioredis'
import type { Log } from '#server/lib/log'
import { type Cache, CacheUnavailable } from './cache'

const patienceMilliseconds = 2_000
const longestPauseMilliseconds = 2_000

/**
 * The shared cache in Redis 6.2 or later, under keys that begin with `tenantry:`. Connects with the first call, and
 * again after every loss; while it is away, calls fail within 2 seconds and nothing is kept to be done later.
 *
 * @param options.url `redis://` or `rediss://`; REDIS_URL
 */
export function openRedisCache({ url, log }: { url: string; log: Log }): Cache {
  const connection = connect(url, log)

  async function ask<T>(question: (redis: Redis) => Promise<T>): Promise<T> {
    try {
      const redis = await connection
      await ready(redis)
      return await question(redis)
    } catch (cause) {
      if (cause instanceof CacheUnavailable) throw cause
      throw new CacheUnavailable(`Redis: ${cause instanceof Error ? cause.message : 'failed'}`, { cause })
    }
  }
  const milliseconds = (ttlSeconds: number) => Math.max(1, Math.round(ttlSeconds * 1000))

  return {
    get: (key) => ask((redis) => redis.get(key)),
    set: async (key, value, ttlSeconds) => {
      await ask((redis) => redis.set(key, value, 'PX', milliseconds(ttlSeconds)))
    },
    setIfAbsent: async (key, value, ttlSeconds) =>
      (await ask((redis) => redis.set(key, value, 'PX', milliseconds(ttlSeconds), 'NX'))) === 'OK',
    take: (key) => ask((redis) => redis.getdel(key)),
    async increment(key, ttlSeconds, by = 1) {
      const answers = await ask((redis) =>
        redis.multi().set(key, 0, 'PX', milliseconds(ttlSeconds), 'NX').incrby(key, by).pttl(key).exec(),
      )
      const [, counted, left] = answers ?? []
      const failure = answers ? answers.find(([error]) => error)?.[0] : new Error('aborted')
      if (failure) throw new CacheUnavailable(`Redis: ${failure.message}`, { cause: failure })
      return { count: Number(counted?.[1]), resetsInSeconds: Math.max(0, Number(left?.[1]) / 1000) }
    },
    delete: async (key) => {
      await ask((redis) => redis.del(key))
    },
    ping: async () => {
      await ask((redis) => redis.ping())
    },
    // Redis does so by itself.
    sweep: () => Promise.resolve(0),
    close: async () => (await connection).disconnect(),
  }
}

/** Loads the driver only where there is a Redis. */
async function connect(url: string, log: Log): Promise<Redis> {
  const { Redis } = await import('ioredis')
  const redis = new Redis(url, {
    keyPrefix: 'tenantry:',
    connectionName: 'tenantry',
    lazyConnect: true,
    connectTimeout: patienceMilliseconds,
    commandTimeout: patienceMilliseconds,
    enableOfflineQueue: false,
    // What was under way may have been done: counting it twice would be worse than an error.
    autoResendUnfulfilledCommands: false,
    retryStrategy: (attempt) => Math.min(50 * 2 ** Math.min(attempt, 10), longestPauseMilliseconds),
  })
  let away = false
  redis.on('ready', () => {
    if (away) log.info({}, 'Redis is back')
    away = false
  })
  redis.on('error', (error: Error) => {
    if (!away) log.warn({ reason: error.message }, 'Redis is out of reach')
    away = true
  })
  return redis
}

/** @throws CacheUnavailable where there is no connection, and none comes about within 2 seconds */
async function ready(redis: Redis): Promise<void> {
  if (redis.status === 'ready') return
  if (redis.status === 'wait') void redis.connect().catch(() => undefined)
  if (redis.status === 'connecting' || redis.status === 'connect') {
    const enough = new AbortController()
    const { signal } = enough
    const timer = setTimeout(() => enough.abort(), patienceMilliseconds)
    await Promise.race([once(redis, 'ready', { signal }), once(redis, 'close', { signal })]).catch(
      () => undefined,
    )
    clearTimeout(timer)
    enough.abort()
  }
  const status: string = redis.status
  if (status !== 'ready') throw new CacheUnavailable(`Redis is out of reach (${status})`)
}

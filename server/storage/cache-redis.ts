import type { Log } from '#server/lib/log'
import { type Cache, CacheUnavailable } from './cache'
import { openRedis } from './redis'

/**
 * The shared cache in Redis 6.2 or later, under keys that begin with `tenantry:`. Connects with the first call, and
 * again after every loss; while it is away, calls fail within 2 seconds and nothing is kept to be done later.
 *
 * @param options.url `redis://` or `rediss://`; REDIS_URL
 */
export function openRedisCache({ url, log }: { url: string; log: Log }): Cache {
  const { ask, close } = openRedis({
    url,
    log,
    unavailable: (message, cause) => new CacheUnavailable(message, { cause }),
  })
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
    close,
  }
}

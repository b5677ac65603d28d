import { once } from 'node:events'
import type { Redis } from 'ioredis'
import type { Log } from '#server/lib/log'

const patienceMilliseconds = 2_000
const longestPauseMilliseconds = 2_000

/** A connection to Redis 6.2 or later; every key gets `tenantry:` before it. */
export interface RedisConnection {
  /**
   * Asks a question, once there is a connection. Nothing is kept to be done later.
   *
   * @throws what `options.unavailable` makes, within 2 seconds, where Redis is away or refuses
   */
  ask<T>(question: (redis: Redis) => Promise<T>): Promise<T>
  close(): Promise<void>
}

export interface RedisOptions {
  /** `redis://` or `rediss://`; REDIS_URL */
  url: string
  log: Log
  /** What its failures are thrown as. */
  unavailable: (message: string, cause?: unknown) => Error
  /** Scripts in Lua, each to be a command of its name. */
  scripts?: Record<string, { lua: string; numberOfKeys: number }>
}

/** Connects with the first question, and again after every loss. */
export function openRedis({ url, log, unavailable, scripts = {} }: RedisOptions): RedisConnection {
  const connection = connect(url, log).then((redis) => {
    for (const [name, script] of Object.entries(scripts)) redis.defineCommand(name, script)
    return redis
  })
  // However many wait for the connection, they do so together: each by itself would listen to it.
  let waiting: Promise<void> | undefined
  const becomeReady = (redis: Redis) => (waiting ??= ready(redis).finally(() => (waiting = undefined)))
  return {
    async ask(question) {
      const redis = await connection
      if (!isReady(redis)) await becomeReady(redis)
      if (!isReady(redis)) throw unavailable(`Redis is out of reach (${redis.status})`)
      try {
        return await question(redis)
      } catch (cause) {
        throw unavailable(`Redis: ${cause instanceof Error ? cause.message : 'failed'}`, cause)
      }
    },
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

const isReady = (redis: Redis) => redis.status === 'ready'

/** Waits for a connection that is being made, for 2 seconds at most. */
async function ready(redis: Redis): Promise<void> {
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
}

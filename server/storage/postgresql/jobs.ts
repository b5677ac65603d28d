import type { fromPrisma as joinTransaction, PgBoss } from 'pg-boss'
import type { Log } from '#server/lib/log'
import { isWriteConflict } from '../database.errors'
import type { Jobs, TakenJob } from '../jobs.port'
import { connectionOptions } from './connection'

const queue = 'tenants'
const schema = 'tenantry_queue'
/** Of a worker that died, jobs come again so long after it was last heard of; pg-boss allows no less. */
const heartbeatSeconds = 10
const touchMilliseconds = 3_000
const superviseSeconds = 2
const restartMilliseconds = 10_000

interface JobsOptions {
  url: string
  log: Log
  worker: boolean
}

/**
 * Jobs by pg-boss, in a schema of its own and over a few connections of its own. While it is away, `ready` is false
 * and it tries again; nothing depends on it.
 */
export function createPostgresqlJobs({ url, log, worker }: JobsOptions): Jobs {
  const taken = new Map<string, TakenJob>()
  let boss: PgBoss | undefined
  let fromPrisma: typeof joinTransaction | undefined
  let starting: Promise<void> | undefined
  let restart: NodeJS.Timeout | undefined
  let beat: NodeJS.Timeout | undefined
  let isClosed = false

  async function open(): Promise<void> {
    // Loaded late: the first requests are served without it.
    const module = await import('pg-boss')
    const made = new module.PgBoss({
      ...connectionOptions(url),
      application_name: 'tenantry-queue',
      schema,
      max: 3,
      schedule: false,
      supervise: worker,
      superviseIntervalSeconds: superviseSeconds,
      monitorIntervalSeconds: superviseSeconds,
    })
    made.on('error', (error) => log.warn({ reason: error.message }, 'the queue has trouble'))
    try {
      await made.start()
      await made.createQueue(queue, {
        policy: 'short',
        heartbeatSeconds,
        retryLimit: 1_000,
        expireInSeconds: 3_600,
        deleteAfterSeconds: 60,
      })
    } catch (error) {
      await made.stop({ graceful: false }).catch(() => undefined)
      throw error
    }
    if (isClosed) return made.stop({ graceful: false })
    fromPrisma = module.fromPrisma
    boss = made
    beat = setInterval(() => void touch(made), touchMilliseconds).unref()
  }

  async function touch(current: PgBoss): Promise<void> {
    if (taken.size === 0) return
    await current
      .touch(queue, [...taken.values()])
      .catch((error: Error) =>
        log.warn({ reason: error.message }, 'the queue was not told that work goes on'),
      )
  }

  function start(): void {
    if (isClosed || boss || starting) return
    starting = open()
      .catch((error: unknown) => {
        const reason = error instanceof Error ? error.message : String(error)
        log.warn({ reason }, 'the queue is not there; what is due is found without it')
        restartLater()
      })
      .finally(() => (starting = undefined))
  }

  function restartLater(): void {
    if (isClosed) return
    clearTimeout(restart)
    restart = setTimeout(start, restartMilliseconds).unref()
  }

  /** Does without it for a while, so that no further transaction is lost to it. */
  async function leave(failed: PgBoss): Promise<void> {
    if (boss !== failed) return
    boss = undefined
    clearInterval(beat)
    taken.clear()
    restartLater()
    await failed.stop({ graceful: false }).catch(() => undefined)
  }

  async function asking<Result>(ask: (boss: PgBoss) => Promise<Result>, without: Result): Promise<Result> {
    const current = boss
    if (!current) return without
    try {
      return await ask(current)
    } catch (error) {
      if (!isWriteConflict(error)) {
        const reason = error instanceof Error ? error.message : String(error)
        log.warn({ reason }, 'the queue failed; what is due is found without it')
        void leave(current)
      }
      throw error
    }
  }

  return {
    get ready() {
      return boss !== undefined
    },
    start,
    send: (key, { tx, at } = {}) =>
      asking(async (current) => {
        await current.send(
          queue,
          { key },
          {
            // What is to be looked at later must not stand in the way of what is asked for now.
            singletonKey: at ? `${key}@${Math.ceil(at.getTime() / 1000)}` : key,
            group: { id: key },
            ...(at && { startAfter: at }),
            ...(tx && fromPrisma && { db: fromPrisma(tx) }),
          },
        )
      }, undefined),
    take: (limit) =>
      asking(async (current) => {
        const jobs = await current.fetch<{ key: string }>(queue, {
          batchSize: limit,
          groupConcurrency: 1,
          includeMetadata: true,
        })
        const found = jobs.map(({ id, retryCount, data }) => ({ id, retryCount, key: data.key }))
        for (const job of found) taken.set(job.id, job)
        return found
      }, []),
    async finish(job) {
      // Of a time before it was away: it comes again, and finds nothing to do.
      if (!taken.delete(job.id)) return
      await asking(async (current) => void (await current.complete(queue, job)), undefined)
    },
    async close() {
      isClosed = true
      clearTimeout(restart)
      clearInterval(beat)
      await starting
      await boss?.stop({ graceful: false })
      boss = undefined
    },
  }
}

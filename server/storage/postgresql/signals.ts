import { setTimeout as delay } from 'node:timers/promises'
import type { Client } from 'pg'
import { z } from 'zod'
import type { Log } from '#server/lib/log'
import { createLocalSignals } from '../signals-local'
import type { Signals } from '../signals.port'
import { connectionOptions } from './connection'

/** PostgreSQL's own channel, for all of ours. */
const wire = 'tenantry_signals'
const heartbeatMilliseconds = 20_000
const longestPauseMilliseconds = 5_000

/** Signals that wait to be sent. */
const mostWaiting = 1_000

const Message = z
  .string()
  .transform((text, context) => {
    try {
      return JSON.parse(text) as unknown
    } catch {
      context.addIssue('not JSON')
      return z.NEVER
    }
  })
  .pipe(z.tuple([z.string(), z.string()]))

/**
 * Signals between processes by LISTEN and NOTIFY, on one connection of each process, kept for it alone.
 * While it is away, listeners of this process still hear what this process publishes.
 *
 * @param options.url `postgresql://…`, of a server or of a pooler in session mode: a LISTEN belongs to its session
 */
export function createPostgresqlSignals({ url, log }: { url: string; log: Log }): Signals {
  const local = createLocalSignals(log)
  const ending = new AbortController()
  let send: ((text: string, values?: unknown[]) => void) | undefined

  /** Hears until the connection ends. */
  async function listen(): Promise<void> {
    const { default: pg } = await import('pg')
    const client = new pg.Client({
      ...connectionOptions(url),
      application_name: 'tenantry-signals',
      query_timeout: connectionOptions(url).connectionTimeoutMillis,
    })
    const end = () => void client.end().catch(() => undefined)
    const ended = new Promise<void>((resolve) => {
      client.once('end', resolve).on('error', end)
      // Ended while it connects, a client tells nobody.
      ending.signal.addEventListener('abort', () => resolve())
    })
    try {
      await Promise.race([client.connect(), ended])
      if (ending.signal.aborted) return
      const { rows } = await client.query<{ own: number }>('SELECT pg_backend_pid() AS own')
      // What this process publishes, its own listeners have heard already.
      client.on('notification', ({ processId, payload }) => {
        if (processId !== rows[0]?.own) receive(payload ?? '')
      })
      await client.query(`LISTEN ${wire}`)
      send = sender(client, end)
      const heartbeat = setInterval(() => send?.('SELECT 1'), heartbeatMilliseconds)
      await ended.finally(() => clearInterval(heartbeat))
    } finally {
      send = undefined
      end()
    }
  }

  function receive(payload: string): void {
    const message = Message.safeParse(payload)
    if (message.success) local.publish(...message.data)
    else log.warn({}, 'Something that is no signal came over the database')
  }

  async function listenForGood(): Promise<void> {
    for (let failures = 0; !ending.signal.aborted; failures++) {
      const started = performance.now()
      const reason = await listen().then(
        () => 'the connection ended',
        (error: unknown) => (error instanceof Error ? error.message : String(error)),
      )
      if (ending.signal.aborted) return
      if (performance.now() - started > longestPauseMilliseconds) failures = 0
      if (failures === 0) log.warn({ reason }, 'Signals of other processes are not heard for a while')
      const pause = Math.random() * Math.min(100 * 2 ** failures, longestPauseMilliseconds)
      await delay(pause, undefined, { signal: ending.signal }).catch(() => undefined)
    }
  }

  const done = listenForGood()

  return {
    publish(channel, payload) {
      local.publish(channel, payload)
      send?.('SELECT pg_notify($1, $2)', [wire, JSON.stringify([channel, payload])])
    },
    subscribe: local.subscribe,
    async close() {
      ending.abort()
      await local.close()
      await done
    },
  }
}

/**
 * Sends queries one after the other, without anybody waiting. Where the server falls behind, what is too much is lost.
 *
 * @param onSilence the server did not answer, or no longer does
 */
function sender(client: Client, onSilence: () => void) {
  let waiting = 0
  let last: Promise<unknown> = Promise.resolve()
  return (text: string, values: unknown[] = []): void => {
    if (waiting >= mostWaiting) return
    waiting++
    last = last
      .then(() => client.query(text, values))
      .catch(onSilence)
      .finally(() => waiting--)
  }
}

import { setTimeout as delay } from 'node:timers/promises'
import type { Client } from 'pg'
import { z } from 'zod'
import type { Log } from '#server/lib/log'
import { createLocalSignals, type Signals } from './signals'

/** PostgreSQL's own channel, for all of ours. */
const wire = 'tenantry_signals'
const heartbeatMilliseconds = 20_000
const longestPauseMilliseconds = 5_000

const Message = z.tuple([z.string(), z.string()])

/**
 * Signals between processes by LISTEN and NOTIFY, on one connection of each process, kept for it alone.
 * While it is away, listeners of this process still hear what this process publishes.
 *
 * @param options.url `postgresql://…`, of a server or of a pooler in session mode: a LISTEN belongs to its session
 */
export function createPostgresqlSignals({ url, log }: { url: string; log: Log }): Signals {
  const local = createLocalSignals(log)
  const ending = new AbortController()
  let listening: Client | undefined

  async function listen() {
    const { default: pg } = await import('pg')
    const client = new pg.Client({
      connectionString: url,
      application_name: 'tenantry-signals',
      connectionTimeoutMillis: 5_000,
      query_timeout: 5_000,
      keepAlive: true,
    })
    const ended = new Promise<void>((resolve) => {
      client.once('end', resolve)
      client.on('error', () => void client.end())
    })
    client.on('notification', ({ processId, payload }) => {
      // What this process published, its own listeners have heard.
      if (processId !== Reflect.get(client, 'processID')) receive(payload ?? '')
    })
    const stop = () => void client.end().catch(() => undefined)
    ending.signal.addEventListener('abort', stop)
    try {
      await client.connect()
      await client.query(`LISTEN ${wire}`)
      if (ending.signal.aborted) return
      listening = client
      const heartbeat = setInterval(() => void client.query('SELECT 1').catch(stop), heartbeatMilliseconds)
      await ended.finally(() => clearInterval(heartbeat))
    } finally {
      listening = undefined
      ending.signal.removeEventListener('abort', stop)
      await client.end().catch(() => undefined)
    }
  }

  function receive(payload: string) {
    try {
      const [channel, text] = Message.parse(JSON.parse(payload))
      local.publish(channel, text)
    } catch (error) {
      log.warn({ err: error }, 'Something that is no signal came over the database')
    }
  }

  async function listenForGood() {
    for (let failures = 0; !ending.signal.aborted; failures++) {
      const started = performance.now()
      const reason = await listen().then(
        () => 'The connection ended',
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
      listening?.query('SELECT pg_notify($1, $2)', [wire, JSON.stringify([channel, payload])]).catch((error: Error) => {
        log.debug({ reason: error.message }, 'A signal did not reach the other processes')
      })
    },
    subscribe: local.subscribe,
    async close() {
      ending.abort()
      await local.close()
      await done
    },
  }
}

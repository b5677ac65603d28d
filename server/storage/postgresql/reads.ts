import { Socket } from 'node:net'
import pg from 'pg'
import type { Log } from '#server/lib/log'
import { DatabaseUnavailable } from '../database.errors'

/** A connection, and what is written to it. */
interface Line {
  readonly client: pg.Client
  readonly socket: Socket
}

interface Asked {
  readonly query: pg.QueryArrayConfig<string[]>
  answer(rows: unknown[][]): void
  fail(error: unknown): void
}

/**
 * Reads over a connection of their own, which does not wait for one answer before it is asked the next. What was asked in
 * one turn of the event loop is sent together: a connection for each would take a system call for each, and wake a
 * process of the database for each, which is most of what such a read costs.
 *
 * Connects with the first read, and again after a loss. Reads that were under way then fail, each as unavailable.
 */
export function openReads(options: pg.ClientConfig, log: Log) {
  const named = nameStatements()
  let line: Promise<Line> | undefined
  let waiting: Asked[] = []
  let closed = false

  function reach(): Promise<Line> {
    if (line) return line
    const socket = new Socket()
    const client = new pg.Client({ ...options, pipeline: true, stream: () => socket })
    const made = client.connect().then(() => ({ client, socket }))
    const forget = () => {
      if (line === made) line = undefined
    }
    client.on('error', (error) => {
      forget()
      log.warn({ reason: error.message }, 'A database connection was lost')
    })
    client.on('end', forget)
    made.catch(forget)
    line = made
    return made
  }

  async function send(): Promise<void> {
    const asked = waiting
    waiting = []
    try {
      if (closed) throw new DatabaseUnavailable('The database was closed')
      const { client, socket } = await reach()
      socket.cork()
      for (const { query, answer, fail } of asked) client.query(query).then(({ rows }) => answer(rows), fail)
      socket.uncork()
    } catch (error) {
      for (const { fail } of asked) fail(error)
    }
  }

  return {
    /** As `Database.read`. */
    read(sql: string, values: readonly string[]): Promise<unknown[][]> {
      if (closed) return Promise.reject(new DatabaseUnavailable('The database was closed'))
      return new Promise((answer, fail) => {
        const query = { ...named(sql), values: [...values], rowMode: 'array' as const }
        if (waiting.push({ query, answer, fail }) === 1) setImmediate(() => void send())
      })
    },
    async close(): Promise<void> {
      closed = true
      const last = await line?.catch(() => undefined)
      await last?.client.end()
    },
  }
}

/** Names statements, with PostgreSQL's own placeholders; there are few of them, and all are kept. */
function nameStatements(): (sql: string) => { name: string; text: string } {
  const known = new Map<string, { name: string; text: string }>()
  return (sql) => {
    let count = 0
    const made = known.get(sql) ?? {
      name: `tenantry_read_${known.size + 1}`,
      text: sql.replace(/\?/g, () => `$${(count += 1)}`),
    }
    known.set(sql, made)
    return made
  }
}

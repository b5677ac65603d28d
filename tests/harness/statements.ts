import pg from 'pg'
import { SqliteConnection } from '#server/storage/sqlite/connection'
import type { Statement } from '#server/storage/sqlite/statement'

/** A statement as it was sent to the database. */
export interface Sent {
  readonly sql: string
  readonly values: readonly unknown[]
}

/** Nothing that is asked for: how transactions begin and end. */
const isFrame = (sql: string) => /^\s*(BEGIN|COMMIT|ROLLBACK|SET TRANSACTION|SAVEPOINT|RELEASE)/i.test(sql)

/**
 * Listens to every statement that this process sends to either database, from now on. Of a suite on one database those
 * of the other are none.
 *
 * @param options.onlyCount whether none of them is kept
 */
export function listenToStatements({ onlyCount = false } = {}) {
  let sent: Sent[] = []
  let count = 0
  const hear = (sql: string, values: readonly unknown[]) => {
    if (isFrame(sql)) return
    count += 1
    if (!onlyCount) sent.push({ sql, values })
  }
  const sqlite = SqliteConnection.prototype
  const { execute, transaction } = sqlite
  const postgresql = pg.Client.prototype
  const { query } = postgresql
  // Not by spies, which keep all that they saw.
  sqlite.execute = function (statement: Statement) {
    hear(statement.sql, statement.args ?? [])
    return execute.call(this, statement)
  }
  sqlite.transaction = async function (patience?: number) {
    const begun = await transaction.call(this, patience)
    return {
      ...begun,
      execute: (statement: Statement) => {
        hear(statement.sql, statement.args ?? [])
        return begun.execute(statement)
      },
    }
  }
  postgresql.query = function (this: pg.Client, ...input: unknown[]) {
    const [asked, values] = input as [string | { text: string; values?: unknown[] }, unknown]
    if (typeof asked === 'string') hear(asked, Array.isArray(values) ? values : [])
    else hear(asked.text, asked.values ?? (Array.isArray(values) ? values : []))
    return Reflect.apply(query, this, input) as never
  }
  return {
    /** How many there were so far. */
    count: () => count,
    /** What was sent since the last call, without how transactions begin and end. */
    take(): Sent[] {
      const taken = sent
      sent = []
      return taken
    },
    stop() {
      Object.assign(sqlite, { execute, transaction })
      postgresql.query = query
    },
  }
}

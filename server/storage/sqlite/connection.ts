import { setTimeout as delay } from 'node:timers/promises'
import type { PrismaLibSql } from '@prisma/adapter-libsql'
import Libsql from 'libsql'
import { isBusy } from '../database.errors'

/** What Prisma's adapter takes for a client; of it, it calls execute, executeMultiple, transaction and close. */
export type AdapterClient = ReturnType<PrismaLibSql['createClient']>

type Value = null | string | number | bigint | boolean | ArrayBuffer | Uint8Array

interface Statement {
  sql: string
  args?: Value[]
}

/** How long one call may hold up the whole process while another process writes. */
const blockingMilliseconds = 25
/** How long a statement waits in all for another process's write. */
const patienceMilliseconds = 5_000
const cachedStatements = 500

/**
 * One connection to a SQLite file, kept for good: its settings hold for every statement and transaction.
 * The driver's own client gives its connection away with each transaction and opens another with the driver's
 * defaults (no busy time-out, synchronous FULL), begins deferred, so that a transaction which reads and then writes
 * can fail halfway, and prepares each statement anew, at four times the cost.
 * The driver's calls block the process, so waiting for another process's write is done between short attempts.
 */
export class SqliteConnection {
  readonly #database: Libsql.Database
  readonly #statements = new Map<string, ReturnType<typeof prepare>>()

  private constructor(path: string) {
    this.#database = new Libsql(path)
  }

  /**
   * @param foreignKeys `off` is for migrations, which make a table anew and drop the old one: enforced, that would
   *   delete what refers to it
   */
  static async open(path: string, foreignKeys: 'on' | 'off' = 'on'): Promise<SqliteConnection> {
    const connection = new SqliteConnection(path)
    try {
      await connection.executeMultiple(`PRAGMA busy_timeout = ${blockingMilliseconds}`)
      await connection.executeMultiple('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL')
      await connection.executeMultiple(`PRAGMA foreign_keys = ${foreignKeys}`)
      return connection
    } catch (error) {
      connection.close()
      throw error
    }
  }

  get closed(): boolean {
    return !this.#database.open
  }

  /**
   * Runs one statement; its rows are arrays, in the order of its columns.
   * A write gets SQLite's lock first, with a statement that the driver discards when it is refused: one refused in
   * its own run stays open in the driver, and no transaction of this connection could commit any more.
   */
  execute(statement: Statement) {
    if (readsOnly(statement.sql)) return patiently(() => this.#run(statement))
    return patiently(() => {
      this.#database.exec('BEGIN IMMEDIATE')
      try {
        const result = this.#run(statement)
        this.#end('COMMIT')
        return result
      } catch (error) {
        this.#end('ROLLBACK')
        throw error
      }
    })
  }

  /** Runs a script. Outside of a transaction, what came before its failing statement stays done. */
  executeMultiple(sql: string): Promise<void> {
    return patiently(() => void this.#database.exec(sql))
  }

  /** Begins a transaction that can write from its first statement on. Nothing else may run until it ends. */
  async transaction(patience = patienceMilliseconds) {
    await patiently(() => this.#database.exec('BEGIN IMMEDIATE'), patience)
    return {
      execute: async (statement: Statement) => this.#run(statement),
      executeMultiple: async (sql: string) => void this.#database.exec(sql),
      commit: async () => this.#end('COMMIT'),
      rollback: async () => this.#end('ROLLBACK'),
    }
  }

  /** Folds the write-ahead log into the file, where nobody else is at it, and closes. */
  close(): void {
    if (!this.#database.open) return
    try {
      this.#database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    } catch {
      // The log stays, and is read when the file is opened again.
    }
    this.#statements.clear()
    this.#database.close()
  }

  #end(sql: 'COMMIT' | 'ROLLBACK'): void {
    // Some failures, such as a full disk, have rolled back already.
    if (!this.#database.inTransaction) {
      if (sql === 'COMMIT') throw new Error('The transaction was rolled back by SQLite')
      return
    }
    try {
      this.#database.exec(sql)
    } finally {
      if (this.#database.inTransaction) this.#database.exec('ROLLBACK')
    }
  }

  #run({ sql, args = [] }: Statement) {
    const { statement, columns, columnTypes } = this.#prepared(sql)
    try {
      const values = args.map(toSqlite)
      if (columns.length === 0) {
        return { columns, columnTypes, rows: [], rowsAffected: statement.run(...values).changes }
      }
      const rows = statement.all(...values) as unknown[][]
      for (const row of rows) for (const [index, value] of row.entries()) row[index] = fromSqlite(value)
      return { columns, columnTypes, rows, rowsAffected: 0 }
    } catch (error) {
      // Run again, a refused statement starts anew; any other is not to be trusted.
      if (!isBusy(error)) this.#statements.delete(sql)
      throw error
    }
  }

  /** The statement, from the most recently used ones where it is among them. */
  #prepared(sql: string) {
    const prepared = this.#statements.get(sql) ?? prepare(this.#database, sql)
    this.#statements.delete(sql)
    this.#statements.set(sql, prepared)
    for (const oldest of this.#statements.keys()) {
      if (this.#statements.size <= cachedStatements) break
      this.#statements.delete(oldest)
    }
    return prepared
  }
}

/** Settings can't be changed inside of a transaction, and neither can the file be compacted. */
function readsOnly(sql: string): boolean {
  return /^\s*(SELECT|PRAGMA|EXPLAIN|VACUUM)\b/i.test(sql)
}

function prepare(database: Libsql.Database, sql: string) {
  const statement = database.prepare(sql)
  if (!statement.reader) return { statement, columns: [], columnTypes: [] }
  statement.raw(true)
  statement.safeIntegers(true)
  const columns = statement.columns()
  return {
    statement,
    columns: columns.map(({ name }) => name),
    columnTypes: columns.map(({ type }) => type ?? ''),
  }
}

/** The driver binds every number as a real; whole ones are meant as integers. */
function toSqlite(value: Value) {
  if (typeof value === 'boolean') return value ? 1n : 0n
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value
  return value instanceof ArrayBuffer ? Buffer.from(value) : value
}

/** Integers become numbers where those can hold them; the adapter takes both. */
function fromSqlite(value: unknown): unknown {
  if (typeof value === 'bigint') {
    const number = Number(value)
    return Number.isSafeInteger(number) ? number : value
  }
  return value instanceof Uint8Array ? new Uint8Array(value).buffer : value
}

/** Tries again while another process writes, without holding up this one; then throws what it got. */
async function patiently<T>(attempt: () => T, patience = patienceMilliseconds): Promise<T> {
  const deadline = performance.now() + patience
  for (;;) {
    try {
      return attempt()
    } catch (error) {
      if (!isBusy(error) || performance.now() > deadline) throw error
      await delay(5 + Math.random() * 20)
    }
  }
}

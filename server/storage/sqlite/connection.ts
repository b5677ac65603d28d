import type { PrismaLibSql } from '@prisma/adapter-libsql'
import Libsql from 'libsql'
import { isBusy } from '../database.errors'
import { patiently } from './patience'
import { fromSqlite, prepare, readsOnly, type Statement, toSqlite } from './statement'

/** What Prisma's adapter takes for a client; of it, it calls execute, executeMultiple, transaction and close. */
export type AdapterClient = ReturnType<PrismaLibSql['createClient']>

/** How long one call may hold up the whole process while another process writes. */
const blockingMilliseconds = 25
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
  async transaction(patienceMilliseconds?: number) {
    await patiently(() => this.#database.exec('BEGIN IMMEDIATE'), patienceMilliseconds)
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
      // As one list: a value on its own that is nothing, or bytes, would pass for named ones.
      const values = args.map(toSqlite)
      if (columns.length === 0) {
        return { columns, columnTypes, rows: [], rowsAffected: statement.run(values).changes }
      }
      const rows = statement.all(values) as unknown[][]
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

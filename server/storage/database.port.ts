import type { Log } from '#server/lib/log'
import type { PrismaClient } from './generated/sqlite/client'

/**
 * What stores query through: a client, or the transaction that it was given.
 * The type is the SQLite client's, the narrower of the two, so that nothing one database alone can do is used.
 */
export type DatabaseClient = Omit<
  PrismaClient,
  '$connect' | '$disconnect' | '$on' | '$transaction' | '$extends'
>

export type Provider = 'sqlite' | 'postgresql'

export interface DatabaseOptions {
  /** `file:path` (relative to the working directory) or `postgresql://…`; DATABASE_URL. */
  url: string
  /** Most connections at once, PostgreSQL only; DATABASE_POOL_MAX. */
  poolMax: number
  log: Log
}

export interface Database {
  readonly provider: Provider
  /** Queries outside of a transaction. Inside of one's work it refuses: only the transaction's client may be used. */
  readonly client: DatabaseClient
  /**
   * Runs work in one serializable transaction: what it read has not changed when it commits.
   * Where the database refuses because of a concurrent writer, the work runs again, 60 times at most: it must have
   * no effect outside of the transaction. Any error rolls back, and is thrown as it was. After a query failed, no
   * further one is accepted, on either database. It may take 10 seconds.
   *
   * @throws Error at once where it is called inside of another transaction's work
   */
  transaction<T>(work: (tx: DatabaseClient) => Promise<T>): Promise<T>
  /**
   * Runs one statement that only reads, on the driver itself: for what every request of a machine asks, where Prisma takes
   * five times as long as the statement. It is prepared once for each connection, so its text is to be always the same.
   *
   * @param sql the same for both databases, with `?` for each value; moments are to be cast to text
   * @param columns names of the columns, in their order
   * @throws Error inside of a transaction's work
   */
  read(sql: string, columns: readonly string[], values: readonly string[]): Promise<Record<string, unknown>[]>
  /**
   * Asks the database a question.
   *
   * @throws what `isDatabaseUnavailable` recognises, within 5 seconds, where it does not answer
   */
  ping(): Promise<void>
  /** Ends every connection. Transactions that still run are rolled back; later queries are refused. */
  close(): Promise<void>
}

import { PrismaLibSql } from '@prisma/adapter-libsql'
import { DatabaseUnavailable } from '../database.errors'
import type { AdapterClient, SqliteConnection } from './connection'
import { withStrictTransactions } from '../strict-transactions'

/** Prisma's adapter for libSQL, on one connection that it never exchanges. */
export class SqliteAdapter extends PrismaLibSql {
  readonly #connection: SqliteConnection

  constructor(connection: SqliteConnection) {
    super({ url: 'file:' })
    this.#connection = connection
  }

  override createClient(): AdapterClient {
    return this.#connection as unknown as AdapterClient
  }

  /** @throws DatabaseUnavailable after it was closed: Prisma connects again with the next query */
  override async connect() {
    if (this.#connection.closed) throw new DatabaseUnavailable('The database was closed')
    return withStrictTransactions(await super.connect())
  }
}

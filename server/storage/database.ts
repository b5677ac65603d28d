import type { Database, DatabaseOptions } from './database.port'
import { providerOf } from './database-url'

export type { Database, DatabaseClient, DatabaseOptions, Provider } from './database.port'

/**
 * Opens the database that the URL's scheme names; only the client of its own kind is loaded.
 * PostgreSQL is not connected to before the first query.
 *
 * @throws Error in words for an operator where the URL is malformed, and where a SQLite file can't be used
 */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  if (providerOf(options.url) === 'sqlite') {
    const { openSqlite } = await import('./sqlite/open')
    return openSqlite(options)
  }
  const { openPostgresql } = await import('./postgresql/open')
  return openPostgresql(options)
}

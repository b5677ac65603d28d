import type { Provider } from './database.port'

/** One step of a database's schema, as prisma/{sqlite,postgresql}/migrations holds it. */
export interface Migration {
  /** The folder's name, `<yyyymmddhhmmss>_<name>`, by which migrations are ordered. */
  name: string
  sql: string
}

/** The migrations that this build was made with, the oldest first; `npm run generate` made the modules. */
export async function loadMigrations(provider: Provider): Promise<Migration[]> {
  const { migrations } =
    provider === 'sqlite'
      ? await import('./generated/sqlite-migrations')
      : await import('./generated/postgresql-migrations')
  return migrations
}

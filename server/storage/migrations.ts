import type { Provider } from './database'
import type { Migration } from './migrate'

/** The migrations that this build was made with, the oldest first. */
export async function loadMigrations(provider: Provider): Promise<Migration[]> {
  const module =
    provider === 'sqlite'
      ? await import('./generated/sqlite-migrations')
      : await import('./generated/postgresql-migrations')
  return module.migrations
}

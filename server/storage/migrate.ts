import { createHash } from 'node:crypto'
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils'
import type { Log } from '#server/lib/log'
import type { Database } from './database.port'
import { isTableMissing } from './database.errors'
import { providerOf } from './database-url'
import type { MigrationSession } from './migration-session.port'
import type { Migration } from './migrations'
import { loadSchemaEngine } from './schema-engine'

interface Applied {
  name: string
  checksum: string
}

/**
 * Brings the database to the schema that this build was made for.
 * All that is pending is applied in one transaction, by one of the processes that start at once; the others wait
 * and find nothing left to do. A failure leaves the database as it was, so that a repaired build can simply start.
 * A migration may therefore not use an enum value that it, or one released together with it, adds (PostgreSQL).
 *
 * @param options.url the database's own URL: migrations use a connection apart
 * @param options.migrations every migration of the database's provider, in order
 * @returns the names applied
 * @throws Error in words for an operator where a migration fails, where the database was migrated by a newer
 *   version, and where a migration that was applied has another text now
 */
export async function migrate(
  database: Database,
  { url, migrations, log }: { url: string; migrations: Migration[]; log: Log },
): Promise<string[]> {
  if (pendingOf(migrations, await readApplied(database)).length === 0) return []

  const session = await begin(url)
  try {
    // Somebody else may have been quicker while we waited.
    const pending = pendingOf(migrations, await readApplied(database))
    if (pending.length > 0) await apply(session, migrations)
    await session.commit()
    if (pending.length > 0) log.info({ migrations: pending }, 'Migrated the database')
    return pending
  } catch (error) {
    await session.rollback().catch(() => undefined)
    throw error
  }
}

async function readApplied(database: Database): Promise<Applied[]> {
  try {
    return await database.client.$queryRaw<Applied[]>`
      SELECT migration_name AS name, checksum FROM _prisma_migrations WHERE rolled_back_at IS NULL`
  } catch (error) {
    if (isTableMissing(error)) return []
    throw error
  }
}

function pendingOf(migrations: Migration[], applied: Applied[]): string[] {
  const checksums = new Map(applied.map(({ name, checksum }) => [name, checksum]))
  const known = new Set(migrations.map(({ name }) => name))
  const unknown = applied.map(({ name }) => name).filter((name) => !known.has(name))
  if (unknown.length > 0) {
    throw new Error(
      `The database was migrated by a newer version of Tenantry (${unknown.sort().join(', ')}). ` +
        'Start that version or a later one, or restore a backup made before it.',
    )
  }
  const changed = migrations.filter(
    ({ name, sql }) => ![undefined, checksumOf(sql)].includes(checksums.get(name)),
  )
  if (changed.length > 0) {
    const names = changed.map(({ name }) => name).join(', ')
    throw new Error(
      `The database was migrated with another text of ${names}. ` +
        'Start the version that it belongs to, or restore a backup; a database of development can be removed.',
    )
  }
  return migrations.map(({ name }) => name).filter((name) => !checksums.has(name))
}

/** As the schema engine records it. */
function checksumOf(sql: string): string {
  return createHash('sha256').update(sql).digest('hex')
}

/** Begins a transaction held against every other process that would migrate; waits for one, a minute at most. */
async function begin(url: string): Promise<MigrationSession> {
  if (providerOf(url) === 'sqlite') {
    const { beginOnSqlite } = await import('./sqlite/migration')
    return beginOnSqlite(url)
  }
  const { beginOnPostgresql } = await import('./postgresql/migration')
  return beginOnPostgresql(url)
}

async function apply(session: MigrationSession, migrations: Migration[]): Promise<void> {
  const SchemaEngine = await loadSchemaEngine()
  const factory = bindMigrationAwareSqlAdapterFactory({
    provider: session.adapter.provider,
    adapterName: session.adapter.adapterName,
    connect: () => Promise.resolve(session.adapter),
    connectToShadowDb: () => Promise.reject(new Error('A migration needs no shadow database')),
  })
  const engine = await SchemaEngine.new({ datamodels: undefined }, () => undefined, factory)
  try {
    await engine.applyMigrations({ migrationsList: migrationList(migrations), filters: noFilters })
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new Error(`The database could not be migrated and was left as it was. ${reason}`, { cause: error })
  } finally {
    engine.free()
  }
}

const noFilters = { externalTables: [], externalEnums: [] }

function migrationList(migrations: Migration[]) {
  return {
    baseDir: 'migrations',
    lockfile: { path: 'migration_lock.toml', content: null },
    shadowDbInitScript: '',
    migrationDirectories: migrations.map(({ name, sql }) => ({
      path: name,
      migrationFile: { path: 'migration.sql', content: { tag: 'ok' as const, value: sql } },
    })),
  }
}

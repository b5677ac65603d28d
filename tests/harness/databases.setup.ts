import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import pg from 'pg'
import { createLog } from '#server/lib/log'
import { openDatabase } from '#server/storage/database'
import { migrate } from '#server/storage/migrate'
import { loadMigrations } from '#server/storage/migrations'
import { startPostgresql } from './postgresql'

const log = createLog('silent')

/** Vitest's global set-up: one PostgreSQL server for all tests, and of each database a migrated one to copy. */
export default async function setup(project: TestProject) {
  const folder = mkdtempSync(join(tmpdir(), 'tenantry-sqlite-'))
  const sqlitePath = join(folder, 'template.db')
  const postgresql = await startPostgresql()
  const stop = async () => {
    await postgresql.stop()
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    const admin = new pg.Client({ connectionString: postgresql.url })
    await admin.connect()
    await admin.query('CREATE DATABASE tenantry_template')
    await admin.end()
    await migrateNew(`file:${sqlitePath}`)
    await migrateNew(postgresql.url.replace(/postgres$/, 'tenantry_template'))
  } catch (error) {
    await stop()
    throw error
  }
  project.provide('databaseTemplates', { postgresqlUrl: postgresql.url, sqlitePath })
  return stop
}

async function migrateNew(url: string) {
  const database = await openDatabase({ url, poolMax: 1, log })
  await migrate(database, { url, log, migrations: await loadMigrations(database.provider) })
  await database.close()
}

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { startPostgresql } from '../tests/harness/postgresql.ts'

/** One of the two kinds of database, on which everything is measured. */
export interface Engine {
  readonly name: 'SQLite' | 'PostgreSQL'
  /** Makes an empty database; gives its DATABASE_URL. */
  create(name: string): Promise<string>
}

export interface Engines {
  readonly list: readonly Engine[]
  /** For whatever a server writes. */
  readonly folder: string
  /** Ends PostgreSQL and removes all that was made. */
  close(): Promise<void>
}

/** Starts both: SQLite in a temporary folder, PostgreSQL as a server of our own. */
export async function startEngines(): Promise<Engines> {
  const folder = mkdtempSync(join(tmpdir(), 'tenantry-bench-'))
  const postgresql = await startPostgresql()
  const createOnPostgresql = async (name: string) => {
    const admin = new pg.Client({ connectionString: postgresql.url })
    await admin.connect()
    await admin.query(`CREATE DATABASE ${name}`).finally(() => admin.end())
    return postgresql.url.replace(/postgres$/, name)
  }
  return {
    folder,
    list: [
      { name: 'SQLite', create: (name) => Promise.resolve(`file:${join(folder, `${name}.db`)}`) },
      { name: 'PostgreSQL', create: createOnPostgresql },
    ],
    async close() {
      await postgresql.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

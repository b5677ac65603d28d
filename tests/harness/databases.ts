import { randomUUID } from 'node:crypto'
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, inject } from 'vitest'
import { createLog } from '#server/lib/log'
import { type Database, openDatabase, type Provider } from '#server/storage/database'

declare module 'vitest' {
  interface ProvidedContext {
    /** What `databases.ts` makes each suite's databases from. */
    databaseTemplates: {
      /** The server's own database, as superuser; beside it `tenantry_template`, migrated. */
      postgresqlUrl: string
      /** A migrated SQLite file. */
      sqlitePath: string
    }
  }
}

/** A database of one suite's own, gone when the suite ends. */
export interface DatabaseUnderTest {
  readonly provider: Provider
  /** For DATABASE_URL. */
  readonly url: string
  /** Open from the suite's first test to its last. */
  readonly database: Database
  /** Opens the same database once more, as a second replica does; closed with the suite. */
  openAnother(): Promise<Database>
}

/**
 * Runs a suite on SQLite and again on PostgreSQL, each time on a migrated, empty database of its own.
 * What is given can be used inside of tests and hooks, not while the suite is being described.
 */
export function describeEachDatabase(name: string, suite: (given: DatabaseUnderTest) => void): void {
  describe.each(['sqlite', 'postgresql'] as const)(`${name} on %s`, (provider) => {
    const opened: Database[] = []
    let made: MadeDatabase | undefined

    const get = <T>(value: T | undefined): T => {
      if (value === undefined) throw new Error('The database is there only while tests run')
      return value
    }
    const openAnother = async () => {
      const options = { url: get(made).url, poolMax: 10, log: createLog('silent') }
      const database = await openDatabase(options)
      opened.push(database)
      return database
    }

    beforeAll(async () => {
      made = await makeDatabase(provider)
      await openAnother()
    })
    afterAll(async () => {
      for (const database of opened) await database.close()
      await made?.remove()
    })

    suite({
      provider,
      get url() {
        return get(made).url
      },
      get database() {
        return get(opened[0])
      },
      openAnother,
    })
  })
}

/** A database on its own, for a server that a test starts. */
export interface MadeDatabase {
  /** For DATABASE_URL. */
  readonly url: string
  /** Ends what is still connected. */
  remove(): Promise<void>
}

/**
 * Makes a database in some milliseconds.
 *
 * @param content `migrated`, the default, or `empty`: as on a first start
 */
export function makeDatabase(
  provider: Provider,
  content: 'migrated' | 'empty' = 'migrated',
): Promise<MadeDatabase> {
  return provider === 'sqlite' ? makeSqlite(content) : makePostgresql(content)
}

async function makeSqlite(content: 'migrated' | 'empty'): Promise<MadeDatabase> {
  const folder = mkdtempSync(join(tmpdir(), 'tenantry-sqlite-'))
  const path = join(folder, 'tenantry.db')
  if (content === 'migrated') copyFileSync(inject('databaseTemplates').sqlitePath, path)
  return { url: `file:${path}`, remove: async () => rmSync(folder, { recursive: true, force: true }) }
}

async function makePostgresql(content: 'migrated' | 'empty'): Promise<MadeDatabase> {
  const { postgresqlUrl } = inject('databaseTemplates')
  const name = `test_${randomUUID().replaceAll('-', '')}`
  const template = content === 'migrated' ? 'tenantry_template' : 'template0'
  const administer = async (sql: string) => {
    const admin = new pg.Client({ connectionString: postgresqlUrl })
    await admin.connect()
    await admin.query(sql).finally(() => admin.end())
  }
  await administer(`CREATE DATABASE ${name} TEMPLATE ${template}`)
  return {
    url: postgresqlUrl.replace(/postgres$/, name),
    remove: () => administer(`DROP DATABASE ${name} WITH (FORCE)`),
  }
}

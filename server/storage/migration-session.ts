import { PrismaLibSql } from '@prisma/adapter-libsql'
import { PrismaPg } from '@prisma/adapter-pg'
import type { SqlDriverAdapter } from '@prisma/driver-adapter-utils'
import pg from 'pg'
import { providerOf } from './database'
import { connectionOptions } from './postgresql'
import { type AdapterClient, SqliteConnection } from './sqlite-connection'
import { sqlitePath } from './sqlite-file'

/** How long to wait while another process migrates. */
const patienceSeconds = 60

/** One transaction, held against every other process that would migrate, in which the schema engine works. */
export interface MigrationSession {
  /** Everything done through it is part of the transaction, scripts of many statements included. */
  readonly adapter: SqlDriverAdapter
  commit(): Promise<void>
  /** Leaves the database as it was. */
  rollback(): Promise<void>
}

/**
 * Begins a migration; waits while another process is at it, for a minute at most.
 *
 * @param url DATABASE_URL
 */
export function beginMigration(url: string): Promise<MigrationSession> {
  return providerOf(url) === 'sqlite' ? onSqlite(sqlitePath(url)) : onPostgresql(url)
}

async function onSqlite(path: string): Promise<MigrationSession> {
  const connection = await SqliteConnection.open(path, 'off')
  try {
    const tx = await connection.transaction(patienceSeconds * 1000)
    return {
      adapter: await withinTransaction(tx),
      async commit() {
        const orphans = await tx.execute({ sql: 'PRAGMA foreign_key_check' })
        if (orphans.rows.length > 0) {
          throw new Error('The migration leaves rows that refer to rows which are gone')
        }
        await tx.commit()
        connection.close()
      },
      async rollback() {
        await tx.rollback()
        connection.close()
      },
    }
  } catch (error) {
    connection.close()
    throw error
  }
}

type SqliteTransaction = Awaited<ReturnType<SqliteConnection['transaction']>>

/** The adapter on a connection that is in a transaction already. */
async function withinTransaction(tx: SqliteTransaction): Promise<SqlDriverAdapter> {
  class WithinTransaction extends PrismaLibSql {
    override createClient() {
      return tx as unknown as AdapterClient
    }
  }
  const adapter = await new WithinTransaction({ url: 'file:' }).connect()
  return Object.assign(adapter, { startTransaction: refuseTransaction, dispose: () => Promise.resolve() })
}

function refuseTransaction(): Promise<never> {
  return Promise.reject(new Error('The schema engine began a transaction of its own'))
}

async function onPostgresql(url: string): Promise<MigrationSession> {
  const pool = new pg.Pool({ ...connectionOptions(url), max: 1 })
  try {
    const owner = await new PrismaPg(pool).connect()
    const tx = await owner.startTransaction()
    const run = (sql: string) => tx.executeRaw({ sql, args: [], argTypes: [] })
    const end = async (sql: string) => {
      try {
        await run(sql)
      } finally {
        await tx.rollback()
        await pool.end()
      }
    }
    await run(`SET LOCAL lock_timeout = '${patienceSeconds}s'`)
    await run(`SELECT pg_advisory_xact_lock(hashtext('tenantry migrations'))`)
    return {
      adapter: {
        provider: owner.provider,
        adapterName: owner.adapterName,
        queryRaw: tx.queryRaw.bind(tx),
        executeRaw: tx.executeRaw.bind(tx),
        // Without arguments a text goes as it is, whatever statements it holds.
        executeScript: async (script) => void (await run(script)),
        startTransaction: refuseTransaction,
        getConnectionInfo: () => owner.getConnectionInfo(),
        dispose: () => Promise.resolve(),
      },
      commit: () => end('COMMIT'),
      rollback: () => end('ROLLBACK'),
    }
  } catch (error) {
    await pool.end()
    throw error
  }
}

import { PrismaLibSql } from '@prisma/adapter-libsql'
import type { SqlDriverAdapter } from '@prisma/driver-adapter-utils'
import { migrationPatienceSeconds, type MigrationSession, refuseTransaction } from '../migration-session.port'
import { type AdapterClient, SqliteConnection } from './connection'
import { sqlitePath } from './file'

/** Begins a migration on a connection of its own; foreign keys are checked when it ends, not before. */
export async function beginOnSqlite(url: string): Promise<MigrationSession> {
  const connection = await SqliteConnection.open(sqlitePath(url), 'off')
  try {
    const tx = await connection.transaction(migrationPatienceSeconds * 1000)
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

import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import { migrationPatienceSeconds, type MigrationSession, refuseTransaction } from '../migration-session.port'
import { withStrictTransactions } from '../strict-transactions'
import { connectionOptions } from './connection'

/** Begins a migration on a connection of its own. */
export async function beginOnPostgresql(url: string): Promise<MigrationSession> {
  const pool = new pg.Pool({ ...connectionOptions(url), max: 1 })
  try {
    const owner = withStrictTransactions(await new PrismaPg(pool).connect())
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
    await run(`SET LOCAL lock_timeout = '${migrationPatienceSeconds}s'`)
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

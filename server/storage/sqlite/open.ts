import { stat } from 'node:fs/promises'
import type { Database, DatabaseClient, DatabaseOptions } from '../database.port'
import { DatabaseUnavailable } from '../database.errors'
import { PrismaClient } from '../generated/sqlite/client'
import { outsideOnly, refuseInside } from '../outside-only'
import { answerWithin } from '../ping'
import { SqliteAdapter } from './adapter'
import { SqliteConnection } from './connection'
import { prepareSqliteFile, sqlitePath, unusable } from './file'
import { createTransactions } from '../transactions'

/** Milliseconds: transactions of one process wait for each other so long, and then run so long at most. */
const transactionOptions = { maxWait: 10_000, timeout: 10_000 }

/**
 * Opens a SQLite file, making it and its folder where they are absent.
 *
 * @throws Error in words for an operator where the file can't be used
 */
export async function openSqlite({ url }: Pick<DatabaseOptions, 'url'>): Promise<Database> {
  const path = sqlitePath(url)
  prepareSqliteFile(path)
  const connection = await SqliteConnection.open(path).catch((error: unknown) => {
    throw unusable(path, error instanceof Error ? error.message : String(error), error)
  })
  const transactions = createTransactions()
  const prisma = new PrismaClient({ adapter: new SqliteAdapter(connection), errorFormat: 'minimal' })
  const { ino: opened } = await stat(path)

  return {
    provider: 'sqlite',
    client: prisma.$extends(outsideOnly(transactions)) as unknown as DatabaseClient,
    transaction: (work) => transactions.run((run) => prisma.$transaction(run, transactionOptions), work),
    async read(sql, columns, values) {
      refuseInside(transactions)
      if (connection.closed) throw new DatabaseUnavailable('The database was closed')
      const { rows } = await connection.execute({ sql, args: [...values] })
      return rows.map((row) => Object.fromEntries(columns.map((name, index) => [name, row[index]])))
    },
    async ping() {
      // A file that was removed still answers, and forgets everything when it is closed.
      const found = await stat(path).catch(() => undefined)
      if (found?.ino !== opened) throw new DatabaseUnavailable('The database file is no longer where it was')
      await answerWithin(prisma.$queryRaw`SELECT 1`)
    },
    close: () => prisma.$disconnect(),
  }
}

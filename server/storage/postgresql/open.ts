import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import type { Database, DatabaseClient, DatabaseOptions } from '../database.port'
import { DatabaseUnavailable } from '../database.errors'
import { PrismaClient } from '../generated/postgresql/client'
import { outsideOnly, refuseInside } from '../outside-only'
import { answerWithin } from '../ping'
import { connectionOptions } from './connection'
import { openReads } from './reads'
import { withStrictTransactions } from '../strict-transactions'
import { createTransactions } from '../transactions'

/** Milliseconds: a transaction waits so long for a connection, and then runs so long at most. */
const transactionOptions = { maxWait: 10_000, timeout: 10_000, isolationLevel: 'Serializable' } as const

/** Kept by the server for each connection. */
const namedStatements = 500

/** Makes a pool of connections; connects with the first query, and again after every loss. */
export function openPostgresql({ url, poolMax, log }: DatabaseOptions): Database {
  const options = {
    ...connectionOptions(url),
    lock_timeout: 5_000,
    statement_timeout: 10_000,
    // Where the server does not answer at all.
    query_timeout: 12_000,
    idle_in_transaction_session_timeout: 30_000,
  }
  const pool = new pg.Pool({ ...options, max: poolMax, idleTimeoutMillis: 30_000 })
  pool.on('error', (error) => log.warn({ reason: error.message }, 'A database connection was lost'))
  const transactions = createTransactions()
  const reads = openReads(options, log)
  const prisma = new PrismaClient({ adapter: new PostgresqlAdapter(pool), errorFormat: 'minimal' })
  // The one place where the PostgreSQL client passes for SQLite's: both come from the same models, and what this
  // one alone can do is out of reach behind the narrower type.
  const narrow = (client: unknown) => client as DatabaseClient

  return {
    provider: 'postgresql',
    client: narrow(prisma.$extends(outsideOnly(transactions))),
    transaction: (work) =>
      transactions.run((run) => prisma.$transaction((tx) => run(narrow(tx)), transactionOptions), work),
    async read(sql, columns, values) {
      refuseInside(transactions)
      const rows = await reads.read(sql, values)
      return rows.map((row) => Object.fromEntries(columns.map((name, index) => [name, row[index]])))
    },
    ping: () => answerWithin(prisma.$queryRaw`SELECT 1`),
    async close() {
      await Promise.all([reads.close(), prisma.$disconnect()])
    },
  }
}

class PostgresqlAdapter extends PrismaPg {
  readonly #pool: pg.Pool

  constructor(pool: pg.Pool) {
    super(pool, { disposeExternalPool: true, statementNameGenerator: nameStatements() })
    this.#pool = pool
  }

  /** @throws DatabaseUnavailable after it was closed: Prisma connects again with the next query */
  override async connect() {
    if (this.#pool.ending) throw new DatabaseUnavailable('The database was closed')
    return withStrictTransactions(await super.connect())
  }
}

/**
 * Names statements, so that each connection prepares them once, at a third to two thirds of the time.
 * Beyond the first 500, such as lists of ever other lengths, they go without a name.
 */
function nameStatements(): (query: { sql: string }) => string {
  const names = new Map<string, string>()
  return ({ sql }) => {
    const known = names.get(sql)
    if (known !== undefined || names.size === namedStatements) return known ?? ''
    const name = `tenantry_${names.size + 1}`
    names.set(sql, name)
    return name
  }
}

import type { SqlDriverAdapter, SqlQuery, Transaction } from '@prisma/driver-adapter-utils'
import { createTurns } from '#server/lib/turns'

type Run<Result> = (query: SqlQuery) => Promise<Result>

/**
 * Makes both databases treat transactions alike, the strict way.
 * - After a query failed, every further one and the commit are refused with that same error: SQLite would carry on,
 *   and PostgreSQL would hide the cause and answer COMMIT with a rollback that nobody notices.
 * - Queries that are asked for at once, as Prisma does for several relations, are sent one after the other: a
 *   connection to PostgreSQL takes one at a time.
 *
 * @returns the adapter given, changed
 */
export function withStrictTransactions<Adapter extends SqlDriverAdapter>(adapter: Adapter): Adapter {
  const start = adapter.startTransaction.bind(adapter)
  return Object.assign(adapter, {
    startTransaction: async (level: Parameters<typeof start>[0]) => strict(await start(level)),
  })
}

function strict(tx: Transaction): Transaction {
  const inTurn = createTurns()
  let failed = false
  let failure: unknown

  const guard =
    <Result>(run: Run<Result>): Run<Result> =>
    (query) =>
      inTurn(() => guarded(run, query))

  async function guarded<Result>(run: Run<Result>, query: SqlQuery): Promise<Result> {
    if (failed && !query.sql.startsWith('ROLLBACK')) {
      // To PostgreSQL a commit is a query, which ends the failed transaction by rolling back.
      if (query.sql === 'COMMIT') await run(query)
      throw failure
    }
    try {
      const result = await run(query)
      if (query.sql.startsWith('ROLLBACK TO')) failed = false
      return result
    } catch (error) {
      if (!failed) failure = error
      failed = true
      throw error
    }
  }

  const commit = tx.commit.bind(tx)
  return Object.assign(tx, {
    queryRaw: guard(tx.queryRaw.bind(tx)),
    executeRaw: guard(tx.executeRaw.bind(tx)),
    commit: async () => {
      if (!failed) return commit()
      await tx.rollback()
      throw failure
    },
  })
}

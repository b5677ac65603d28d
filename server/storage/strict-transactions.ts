import type { SqlDriverAdapter, SqlQuery, Transaction } from '@prisma/driver-adapter-utils'
import { createTurns } from '#server/lib/turns'
import type { Transactions } from './transactions'

type Run<Result> = (query: SqlQuery) => Promise<Result>

/**
 * Makes both databases treat transactions alike, the strict way.
 * - A query beside a transaction, from inside of its work, is refused: SQLite would wait for the transaction to end,
 *   and PostgreSQL would take it for another caller's.
 * - After a query failed, every further one and the commit are refused with that same error: SQLite would carry on,
 *   and PostgreSQL would hide the cause and answer COMMIT with a rollback that nobody notices.
 * - Queries that are asked for at once, as Prisma does for several relations, are sent one after the other: a
 *   connection to PostgreSQL takes one at a time.
 *
 * @returns the adapter given, changed
 */
export function withStrictTransactions<Adapter extends SqlDriverAdapter>(
  adapter: Adapter,
  transactions: Pick<Transactions, 'isInside'>,
): Adapter {
  const outsideOnly =
    <Argument, Result>(run: (argument: Argument) => Promise<Result>) =>
    async (argument: Argument): Promise<Result> => {
      if (transactions.isInside()) {
        throw new Error("Inside of a transaction, only the transaction's client may be used")
      }
      return run(argument)
    }

  const start = adapter.startTransaction.bind(adapter)
  return Object.assign(adapter, {
    queryRaw: outsideOnly(adapter.queryRaw.bind(adapter)),
    executeRaw: outsideOnly(adapter.executeRaw.bind(adapter)),
    startTransaction: outsideOnly(async (level: Parameters<typeof start>[0]) => strict(await start(level))),
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

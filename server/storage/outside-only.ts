import type { Transactions } from './transactions'

interface Operation<Args, Result> {
  args: Args
  query: (args: Args) => Promise<Result>
}

/** @throws Error inside of a transaction's work */
export function refuseInside({ isInside }: Pick<Transactions, 'isInside'>): void {
  if (isInside()) throw new Error("Inside of a transaction, only the transaction's client may be used")
}

/**
 * For `$extends`: refuses a query beside a transaction, from inside of its work: SQLite would wait for the transaction
 * to end, and PostgreSQL would take it for another caller's. Held where a query is asked for, since Prisma sends several
 * that are asked for in the same moment as one, in the name of whoever asked first.
 */
export function outsideOnly(transactions: Pick<Transactions, 'isInside'>) {
  return {
    query: {
      async $allOperations<Args, Result>({ args, query }: Operation<Args, Result>): Promise<Result> {
        refuseInside(transactions)
        return query(args)
      },
    },
  }
}

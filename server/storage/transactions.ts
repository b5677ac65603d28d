import { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout as delay } from 'node:timers/promises'
import { isWriteConflict } from './database.errors'

const attempts = 60
const longestPauseMilliseconds = 100
/** No further attempt is begun after so long. */
const patienceMilliseconds = 10_000

/** What is still to be done in transactions that run, by their clients. */
const endings = new WeakMap<object, (() => Promise<void>)[]>()

/**
 * Has something done in a transaction once its work is over and before it commits, in the order it was asked for; what
 * it throws rolls back.
 *
 * @param client the transaction's own
 * @throws Error where the client is not that of a transaction that runs
 */
export function beforeCommit(client: object, finish: () => Promise<void>): void {
  const mine = endings.get(client)
  if (!mine) throw new Error("This wants a transaction's client")
  mine.push(finish)
}

/** The transactions of one database. */
export interface Transactions {
  /** Whether the caller is part of a transaction's work. */
  isInside(): boolean
  /**
   * Runs a transaction again until the database finds no conflict with a concurrent writer, 60 times and for 10 seconds at most.
   *
   * @param begin begins a transaction, does the work it is given in it, and commits; leaves nothing where it throws
   * @throws the last attempt's error; Error at once where the caller is part of a transaction's work already
   */
  run<Client extends object, T>(
    begin: (work: (tx: Client) => Promise<T>) => Promise<T>,
    work: (tx: Client) => Promise<T>,
  ): Promise<T>
}

export function createTransactions(): Transactions {
  /** Goes with all that the work calls; `open` ends with the work, and not with what it left running. */
  const flow = new AsyncLocalStorage<{ open: boolean }>()
  const isInside = () => flow.getStore()?.open === true

  return {
    isInside,
    async run(begin, work) {
      if (isInside()) throw new Error('A transaction is running already: pass its client on')
      const deadline = performance.now() + patienceMilliseconds
      for (let attempt = 1; ; attempt++) {
        const mine = { open: true }
        try {
          return await begin((tx) => flow.run(mine, () => whole(tx, work)).finally(() => (mine.open = false)))
        } catch (error) {
          const enough = attempt === attempts || performance.now() > deadline
          if (enough || !isWriteConflict(error)) throw error
          await delay(Math.random() * Math.min(2 ** attempt, longestPauseMilliseconds))
        }
      }
    },
  }
}

async function whole<Client extends object, T>(tx: Client, work: (tx: Client) => Promise<T>): Promise<T> {
  const finishing: (() => Promise<void>)[] = []
  endings.set(tx, finishing)
  try {
    const result = await work(tx)
    for (const finish of finishing) await finish()
    return result
  } finally {
    endings.delete(tx)
  }
}

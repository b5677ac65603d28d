import { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout as delay } from 'node:timers/promises'
import { isWriteConflict } from './database.errors'

const attempts = 20
const longestPauseMilliseconds = 200

/** What is done while a transaction's work runs carries this; `open` ends with the work, not with what it left running. */
const flow = new AsyncLocalStorage<{ open: boolean }>()

/** Whether the caller is part of a transaction's work. */
export function isInsideTransaction(): boolean {
  return flow.getStore()?.open === true
}

/**
 * Runs a transaction again until the database finds no conflict with a concurrent writer, 20 times at most.
 *
 * @param begin begins a transaction, does the work it is given in it, and commits; leaves nothing where it throws
 * @throws the last attempt's error; Error at once where a transaction is running in this flow already
 */
export async function retryConflicts<Client, T>(
  begin: (work: (tx: Client) => Promise<T>) => Promise<T>,
  work: (tx: Client) => Promise<T>,
): Promise<T> {
  if (isInsideTransaction()) throw new Error('A transaction is running already: pass its client on')
  for (let attempt = 1; ; attempt++) {
    const mine = { open: true }
    try {
      return await begin((tx) => flow.run(mine, () => work(tx)).finally(() => (mine.open = false)))
    } catch (error) {
      if (attempt === attempts || !isWriteConflict(error)) throw error
      await delay(Math.random() * Math.min(5 * 2 ** attempt, longestPauseMilliseconds))
    }
  }
}

import type { z } from 'zod'
import type { IntegrationFailure } from '#server/lib/errors'
import { plainWords } from '../http/words'
import { anything, type Call, type Exchange } from './exchange'
import { fit, misfit, RefusedError, refusedWithin } from './failure'
import { RestAnswer, RestRefusal } from './wire'

export type Rest = <Schema extends z.ZodType>(
  call: Call<Schema>,
  signal: AbortSignal,
) => Promise<z.output<Schema>>

const kinds: Record<string, IntegrationFailure | undefined> = { assertFailed: 'unavailable' }

/**
 * Asks the API of Stalwart 0.15, which answers 200 with `{ error }` where it refuses.
 *
 * @param secrets struck out of the server's words
 * @returns a function that gives what `data` holds; `answer` of a call is the schema of that
 */
export function createRest(exchange: Exchange, secrets: readonly string[]): Rest {
  return async (call, signal) => {
    const answer = await exchange({ ...call, answer: anything }, signal)
    const refusal = RestRefusal.safeParse(answer)
    if (!refusal.success) {
      const { data } = fit(call.purpose, answer, RestAnswer, 'data')
      return fit(call.purpose, data, call.answer, 'data')
    }
    const { error, said } = refusal.data
    const kind = kinds[error] ?? 'rejected'
    throw refusedWithin(error, {
      kind,
      message: `Stalwart refused to ${call.purpose}: “${plainWords(said, secrets)}”`,
      // What looking anew can turn: what was read a moment ago is gone.
      retryable: kind !== 'rejected' || error === 'notFound',
    })
  }
}

/** Makes a refusal an outcome: what was asked for is done, or not needed. */
export async function unless(code: string, work: Promise<unknown>): Promise<void> {
  try {
    await work
  } catch (error) {
    if (!(error instanceof RefusedError && error.code === code)) throw error
  }
}

/** More than anybody has: a list that goes on is none. */
const pageLimit = 1_000

/**
 * Reads all pages of a list.
 *
 * @param purpose completes `Stalwart was asked to …`
 * @param read gives a page, the first one being 1, and how much there is in all
 */
export async function allPages<Item>(
  purpose: string,
  read: (page: number) => Promise<{ items: Item[]; total: number }>,
): Promise<Item[]> {
  const found: Item[] = []
  for (let page = 1; page <= pageLimit; page++) {
    const { items, total } = await read(page)
    found.push(...items)
    if (items.length === 0 || found.length >= total) return found
  }
  throw misfit(purpose, 'a list without an end')
}

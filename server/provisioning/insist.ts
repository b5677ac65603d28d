import { setTimeout as delay } from 'node:timers/promises'
import { LeaseLost, type Lease } from './lease'

const firstPauseMs = 50
const longestPauseMs = 1_000
/** With the pauses between them, about as long as a lease lasts. */
const tries = 12

/**
 * Does what has to be written or read under a lease, again where the database fails: what a step made is known to
 * nobody else, and its tenant would wait until the lease runs out. The work must be safe to repeat, since it may have
 * been done though it failed.
 *
 * @param stopping once it aborts, what fails is not tried again
 * @throws LeaseLost, also where the lease is over between two tries; else what the last one threw
 */
export async function insist<Result>(
  work: () => Promise<Result>,
  { lease, stopping }: { lease: Pick<Lease, 'assertHeld'>; stopping: AbortSignal },
): Promise<Result> {
  for (let pauseMs = firstPauseMs, tried = 1; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs), tried++) {
    try {
      return await work()
    } catch (error) {
      if (error instanceof LeaseLost || tried === tries || stopping.aborted) throw error
      await delay(pauseMs, undefined, { signal: stopping }).catch(() => undefined)
      lease.assertHeld()
    }
  }
}

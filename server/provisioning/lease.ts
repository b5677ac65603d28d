import type { Clock } from '#server/lib/clock'
import type { Log } from '#server/lib/log'

/** Somebody else works on the tenant now, or may: nothing more can be written. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost'
}

/** The right to work on one tenant, while it is kept. */
export interface Lease {
  /** Aborts when it is lost. */
  readonly signal: AbortSignal
  /** @throws LeaseLost */
  assertHeld(): void
  /** No more renewing; to be called when the work is done. */
  end(): void
}

interface Renewal {
  /** When the lease just taken ends. */
  until: Date
  /** @returns when it ends now; null where it is no longer ours */
  renew: () => Promise<Date | null>
  everyMs: number
  clock: Clock
  log: Log
}

/** Renews a lease while work goes on. It is lost when renewing is refused, or did not succeed until its end. */
export function keepLease({ until, renew, everyMs, clock, log }: Renewal): Lease {
  const lost = new AbortController()
  let isRenewing = false

  const lose = () => lost.abort(new LeaseLost('The lease was lost'))
  const isOver = () => clock.now() >= until

  async function tick() {
    if (isOver()) return lose()
    if (isRenewing) return
    isRenewing = true
    try {
      const renewed = await renew()
      if (renewed) until = renewed
      else lose()
    } catch (error) {
      log.warn(
        { reason: error instanceof Error ? error.message : String(error) },
        'a lease could not be renewed',
      )
    } finally {
      isRenewing = false
    }
  }

  const timer = setInterval(() => void tick(), everyMs)
  timer.unref()
  return {
    signal: lost.signal,
    assertHeld() {
      if (isOver()) lose()
      lost.signal.throwIfAborted()
    },
    end: () => clearInterval(timer),
  }
}

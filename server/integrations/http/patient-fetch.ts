import { setTimeout as wait } from 'node:timers/promises'
import { endlessPlaces, type Places } from '#server/lib/places'

/** So often a reading is asked again before it counts as failed. */
const repeats = 2
const shortestWaitMs = 100
const longestWaitMs = 300
/** The longest wait that a service may ask for here; whoever asks for a longer one is left in peace by the engine. */
const patienceSeconds = 2

/** What says nothing of the call, and may be over in a moment. */
const passing = [502, 503, 504]

/**
 * A fetch that asks again, twice at most and after a moment, where a reading met a lost connection, a gateway's failure,
 * or 429 with a short wait. Planning a step takes many readings: without it, one that fails in ten would fail most
 * plans, and each of them would be put off for longer than the last.
 *
 * Whatever may change something is sent once: whether it was done is known by looking. The signal ends waits too, so
 * that the caller's time limit is that of all tries together.
 *
 * @param random gives 0 to 1; for the spread of waits
 * @param rest waits, while whoever else asks has the place of the call
 */
export function createPatientFetch(
  fetch: typeof globalThis.fetch = globalThis.fetch,
  random: () => number = Math.random,
  rest: Places['rest'] = endlessPlaces.rest,
): typeof globalThis.fetch {
  return async (input, init) => {
    const left = isReading(init) ? repeats : 0
    for (let again = 0; ; again++) {
      const isLast = again >= left
      const waitMs = Math.round(shortestWaitMs + (longestWaitMs - shortestWaitMs) * random())
      try {
        const response = await fetch(input, init)
        const askedSeconds = isLast ? undefined : secondsToWait(response)
        if (askedSeconds === undefined) return response
        await response.body?.cancel()
        await rest(() => pause(Math.max(waitMs, askedSeconds * 1000), init))
      } catch (error) {
        if (isLast || init?.signal?.aborted || !isLostConnection(error)) throw error
        await rest(() => pause(waitMs, init))
      }
    }
  }
}

/** A GET, or a request of JMAP (RFC 8620), which is always a POST, whose methods all read. */
function isReading({ method = 'GET', body }: RequestInit = {}): boolean {
  if (method === 'GET') return true
  if (method !== 'POST' || typeof body !== 'string' || !body.includes('"methodCalls"')) return false
  try {
    const { methodCalls } = JSON.parse(body) as { methodCalls?: unknown }
    const isRead = (call: unknown) => Array.isArray(call) && /\/(?:get|query)$/.test(String(call[0]))
    return Array.isArray(methodCalls) && methodCalls.length > 0 && methodCalls.every(isRead)
  } catch {
    return false
  }
}

/** @returns undefined where the answer is one to be taken as it is */
function secondsToWait({ status, headers }: Response): number | undefined {
  const asked = headers.get('retry-after')
  if (asked === null) return passing.includes(status) ? 0 : undefined
  // In its other form, a date, it is never meant for a moment.
  const seconds = /^\d{1,9}$/.test(asked.trim()) ? Number(asked) : Number.POSITIVE_INFINITY
  const isPassing = status === 429 || passing.includes(status)
  return isPassing && seconds <= patienceSeconds ? seconds : undefined
}

/** Of fetch, whatever is no abort and no mistake of ours is a `TypeError` with the socket's error as its cause. */
const isLostConnection = (error: unknown) => error instanceof TypeError && error.cause !== undefined

/** @throws the signal's reason, as fetch would */
async function pause(milliseconds: number, init: RequestInit | undefined): Promise<void> {
  const signal = init?.signal ?? undefined
  await wait(milliseconds, undefined, { ref: false, ...(signal && { signal }) }).catch(() => undefined)
  signal?.throwIfAborted()
}

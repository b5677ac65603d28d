import type { Clock } from '#server/lib/clock'
import { IntegrationError } from '#server/lib/errors'
import type { Log } from '#server/lib/log'
import type { Database } from '#server/storage/database'
import { retryDelayMs } from '../backoff'
import type { ServicesOf } from '../connected/tenant-services'
import type { Gate } from '../gates'
import type { ServiceName, StepPlanner } from '../step-planner.port'
import type { Announced } from '../steps.store'
import { behind, restingUntil } from './place'
import type { SweepClaim, SweepsStore } from './sweeps.store'

export interface SweepMeans {
  database: Database
  clock: Clock
  log: Log
  planners: readonly StepPlanner[]
  gate: (service: ServiceName) => Gate
  /** Whom a tenant's steps are done at; default: the above. */
  servicesOf?: ServicesOf
  wake: (tenantId: string) => void
  /** Where it is said that a tenant is to be looked at; undefined: the rows say it. */
  queue?: Announced | undefined
  /** How often sweeps run: so many tenants are looked at closely in each that all are within a day. 0: never. */
  everySeconds: number
  /** How long a sweep is kept from others after its worker last wrote. */
  leaseMs: number
  /** The longest that one page may take. */
  timeoutMs: number
  /** Between two pages, for the services' sake. */
  pauseMs: number
  /** Gives 0 to 1; for the spread of retries. */
  random: () => number
  /** Lets time go by. @throws what the signal aborts with */
  pause: (milliseconds: number, signal: AbortSignal) => Promise<unknown>
}

/** At work on one sweep. */
export interface Sweeping extends SweepMeans {
  store: SweepsStore
  signal: AbortSignal
}

/** So often in a row a page is asked for. */
export const mostAttempts = 5
/** What has to wait longer is left to the next sweep. */
const longestRestMs = 600_000

/** Why a service could not be compared, in words for an operator. */
export function failureOf(error: unknown): string {
  if (error instanceof IntegrationError) return error.message
  return isTimeout(error)
    ? 'The service did not answer in time.'
    : 'The comparison failed inside Tenantry; its log says more.'
}

const isTimeout = (error: unknown) => error instanceof Error && error.name === 'TimeoutError'

/** Whether waiting does not help. */
export const isFinal = (error: unknown) => error instanceof IntegrationError && !error.retryable

/** When it is worth trying again, in milliseconds; undefined: not in this sweep. */
export function retryDelayOf(error: unknown, attempt: number, random: () => number): number | undefined {
  if (attempt >= mostAttempts || isFinal(error)) return undefined
  const wanted = error instanceof IntegrationError ? error.retryAfterSeconds : undefined
  const delay = retryDelayMs(attempt, random, wanted)
  return delay > longestRestMs ? undefined : delay
}

/**
 * Puts the part that a sweep is at aside for a while, as steps are; where that is no use any more, it is over for this
 * sweep, and its record says why. Either way others have their turn.
 */
export function fail(claim: SweepClaim, error: unknown, work: Sweeping): Promise<SweepClaim> {
  const { clock, log, store, random } = work
  const { track } = claim.place
  if (!track) throw error
  const delayMs = retryDelayOf(error, track.attempt + 1, random)
  const again = delayMs === undefined ? 'not in this sweep' : `in ${delayMs} ms`
  log.warn({ err: error, part: track.at, again }, 'a service could not be compared')
  return store.advance(claim, () =>
    Promise.resolve(
      delayMs === undefined
        ? { place: behind(claim.place), failures: { [track.at]: failureOf(error) } }
        : { place: restingUntil(claim.place, clock.now().getTime() + delayMs) },
    ),
  )
}

import type { Clock } from '#server/lib/clock'
import { IntegrationError } from '#server/lib/errors'
import type { Log } from '#server/lib/log'
import type { Database } from '#server/storage/database'
import type { Gate } from '../gates'
import type { ServiceName, StepPlanner } from '../step-planner.port'
import type { Place, SweepsStore } from './sweeps.store'

export interface SweepMeans {
  database: Database
  clock: Clock
  log: Log
  planners: readonly StepPlanner[]
  gate: (service: ServiceName) => Gate
  wake: (tenantId: string) => void
  /** How often sweeps run: so many tenants are looked at closely in each that all are within a day. 0: never. */
  everySeconds: number
  /** How long a sweep is kept from others after its worker last wrote. */
  leaseMs: number
  /** The longest that one page may take. */
  timeoutMs: number
  /** Between two pages, for the services' sake. */
  pauseMs: number
}

/** At work on one sweep. */
export interface Sweeping extends SweepMeans {
  store: SweepsStore
  signal: AbortSignal
}

/** The place behind what a sweep is at. */
export function behind({ done, at, ...place }: Place): Place {
  return { ...place, done: at === null ? done : [...done, at], at: null, cursor: null }
}

/** Why a service could not be compared, in words for an operator. */
export function failureOf(error: unknown): string {
  if (error instanceof IntegrationError) return error.message
  return error instanceof Error && error.name === 'TimeoutError'
    ? 'The service did not answer in time.'
    : 'The comparison failed inside Tenantry; its log says more.'
}

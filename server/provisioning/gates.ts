import type { Clock } from '#server/lib/clock'
import { IntegrationError } from '#server/lib/errors'
import { createPlaces } from '#server/lib/places'
import type { ServiceName } from './step-planner.port'

export interface GateOptions {
  clock: Clock
  /** So many plans and changes at one service at a time. */
  concurrency: number
  /** Gives 0 to 1. */
  random: () => number
  /** Hears of every change of a breaker. */
  onChange?: (service: ServiceName, state: BreakerState) => void
}

/** `open`: the service is left in peace until `until`; `half-open`: one call finds out whether it is back. */
export interface BreakerState {
  readonly state: 'closed' | 'open' | 'half-open'
  readonly until: Date | null
}

/** What a service answered with that says nothing of the call, and everything of the service. */
const outages = new Set(['unreachable', 'timeout', 'unavailable'])
const outagesUntilOpen = 5
const firstRestSeconds = 5
const longestRestSeconds = 60

/**
 * One service's gate: a limit on what runs at a time, and a circuit breaker. What runs may make several calls at once:
 * those are limited where they are made.
 */
export interface Gate {
  readonly breaker: BreakerState
  /**
   * Runs a call when its turn comes.
   *
   * @throws IntegrationError `unavailable`, with the seconds to wait, without calling, while the breaker is open;
   *   what the call throws
   */
  run<Result>(work: () => Promise<Result>, signal: AbortSignal): Promise<Result>
}

/** Gives each service its gate. Limits and breakers are each process's own. */
export function createGates(options: GateOptions): (service: ServiceName) => Gate {
  const gates = new Map<ServiceName, Gate>()
  return (service) => {
    const known = gates.get(service)
    if (known) return known
    const made = createGate(service, options)
    gates.set(service, made)
    return made
  }
}

function createGate(service: ServiceName, { clock, concurrency, random, onChange }: GateOptions): Gate {
  const places = createPlaces(concurrency)
  let outagesInARow = 0
  let rests = 0
  let openUntil: Date | null = null
  let isProbing = false

  const stateNow = (): BreakerState => {
    if (!openUntil) return { state: 'closed', until: null }
    return { state: isProbing || openUntil <= clock.now() ? 'half-open' : 'open', until: openUntil }
  }
  const tell = () => onChange?.(service, stateNow())

  /** A rest that ends later than any can was begun under a clock that ran ahead; it ends now. */
  function heedClock() {
    const now = clock.now()
    if (openUntil && openUntil.getTime() - now.getTime() > longestRestSeconds * 1000) openUntil = now
  }

  /** @returns whether this call is the one that finds out */
  function pass(): boolean {
    heedClock()
    if (!openUntil) return false
    const now = clock.now()
    if (openUntil > now || isProbing) {
      const seconds = Math.max(1, Math.ceil((openUntil.getTime() - now.getTime()) / 1000))
      throw new IntegrationError({
        service,
        kind: 'unavailable',
        message: 'The service failed again and again, and is left in peace for a while.',
        retryAfterSeconds: seconds,
      })
    }
    isProbing = true
    tell()
    return true
  }

  function succeeded() {
    outagesInARow = 0
    rests = 0
    if (!openUntil) return
    openUntil = null
    tell()
  }

  function failed(error: unknown, wasProbe: boolean) {
    if (!(error instanceof IntegrationError) || !outages.has(error.kind)) {
      // It answered: it is there.
      if (error instanceof IntegrationError) succeeded()
      return
    }
    outagesInARow += 1
    if (!wasProbe && (openUntil || outagesInARow < outagesUntilOpen)) return
    const seconds = Math.min(firstRestSeconds * 2 ** rests, longestRestSeconds)
    rests += 1
    // Spread, so that replicas do not come back together.
    openUntil = new Date(clock.now().getTime() + Math.round(seconds * 1000 * (1 - random() / 4)))
    tell()
  }

  return {
    get breaker() {
      heedClock()
      return stateNow()
    },
    run: (work, signal) =>
      places.run(async () => {
        let wasProbe = false
        try {
          wasProbe = pass()
          const result = await work()
          succeeded()
          return result
        } catch (error) {
          if (wasProbe || openUntil === null) failed(error, wasProbe)
          throw error
        } finally {
          if (wasProbe) isProbing = false
        }
      }, signal),
  }
}

import { z } from 'zod'
import type { Clock } from '#server/lib/clock'
import type { Log } from '#server/lib/log'
import type { Cache } from '#server/storage/cache'
import type { BreakerState } from '../gates'
import { serviceNames, type ServiceName } from '../step-planner.port'

export interface BreakerBoard {
  /** Tells all replicas of a change; losing it loses a line on the board. */
  publish(service: ServiceName, state: BreakerState): void
  /** The breakers that are not closed, as whichever replica changed one last saw it. */
  read(): Promise<{ service: ServiceName; state: 'open' | 'half-open'; until: string }[]>
}

const Published = z.object({ until: z.iso.datetime() })
/** How much longer than its rest a breaker is shown: it is probed with the next call, whenever that is. */
const lingerSeconds = 60

/** Breakers are each process's own; here all replicas see them. */
export function createBreakerBoard({
  cache,
  clock,
  log,
}: {
  cache: Cache
  clock: Clock
  log: Log
}): BreakerBoard {
  const keyOf = (service: ServiceName) => `breaker:${service}`
  return {
    publish(service, { until }) {
      const seconds = until ? (until.getTime() - clock.now().getTime()) / 1000 : 0
      const told = until
        ? cache.set(
            keyOf(service),
            JSON.stringify({ until }),
            Math.max(1, Math.ceil(seconds)) + lingerSeconds,
          )
        : cache.delete(keyOf(service))
      told.catch((error: unknown) =>
        log.warn({ err: error, service }, 'a breaker could not be told to others'),
      )
    },
    async read() {
      const found = await Promise.all(
        serviceNames.map(async (service) => {
          const text = await cache.get(keyOf(service))
          if (text === null) return []
          const { until } = Published.parse(JSON.parse(text))
          const state = new Date(until) > clock.now() ? ('open' as const) : ('half-open' as const)
          return [{ service, state, until }]
        }),
      )
      return found.flat()
    },
  }
}

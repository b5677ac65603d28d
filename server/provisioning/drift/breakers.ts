import { z } from 'zod'
import type { Clock } from '#server/lib/clock'
import { newId } from '#server/lib/ids'
import type { Log } from '#server/lib/log'
import type { Cache } from '#server/storage/cache'
import type { BreakerState } from '../gates'
import { serviceNames, type ServiceName } from '../step-planner.port'

/** As operators see the breaker of a service. */
export interface ShownBreaker {
  service: ServiceName
  state: 'open' | 'half-open'
  until: string
}

export interface BreakerBoard {
  /** Tells all replicas of a change; losing it loses a line on the board. */
  publish(service: ServiceName, state: BreakerState): void
  /** The breakers that are not closed. Where replicas differ, as the one sees it that waits longest. */
  read(): Promise<ShownBreaker[]>
}

/** What each replica told last, by its name; `until` null: it is closed there. */
const Told = z.record(z.string(), z.object({ until: z.iso.datetime().nullable(), place: z.number() }))
type Told = z.output<typeof Told>

/** How much longer than its rest a breaker is shown: it is probed with the next call, whenever that is. */
const lingerSeconds = 60
const mostRounds = 10

/** Breakers are each process's own; here all replicas see those of all. */
export function createBreakerBoard({
  cache,
  clock,
  log,
}: {
  cache: Cache
  clock: Clock
  log: Log
}): BreakerBoard {
  const replica = newId()
  const keyOf = (service: ServiceName) => `breakers:${service}`
  const parse = (text: string | null): Told => (text === null ? {} : Told.parse(JSON.parse(text)))
  const secondsLeft = (until: string) => (new Date(until).getTime() - clock.now().getTime()) / 1000
  const isCurrent = ({ until }: Told[string]) => until !== null && secondsLeft(until) > -lingerSeconds
  let place = 0
  let telling = Promise.resolve()

  /**
   * Puts what this replica sees beside what others told. Whoever takes the entry has it alone; what was written
   * meanwhile is taken too, and of one replica what it told last holds.
   */
  async function tell(service: ServiceName, mine: Told[string]): Promise<void> {
    let all: Told = { [replica]: mine }
    for (let round = 0; round < mostRounds; round++) {
      for (const [name, told] of Object.entries(parse(await cache.take(keyOf(service)))))
        if (isCurrent(told) && told.place >= (all[name]?.place ?? 0)) all = { ...all, [name]: told }
      const longest = Math.max(...Object.values(all).map(({ until }) => (until ? secondsLeft(until) : 0)))
      if (Object.values(all).every(({ until }) => until === null)) return
      const ttlSeconds = Math.max(1, Math.ceil(longest)) + lingerSeconds
      if (await cache.setIfAbsent(keyOf(service), JSON.stringify(all), ttlSeconds)) return
    }
  }

  return {
    publish(service, { until }) {
      const mine = { until: until?.toISOString() ?? null, place: (place += 1) }
      telling = telling
        .then(() => tell(service, mine))
        .catch((error: unknown) => log.warn({ err: error, service }, 'a breaker could not be told to others'))
    },
    async read() {
      const shown: ShownBreaker[] = []
      for (const service of serviceNames) {
        const told = Object.values(parse(await cache.get(keyOf(service)))).filter(isCurrent)
        const until = told
          .flatMap((one) => one.until ?? [])
          .sort()
          .at(-1)
        if (until) shown.push({ service, state: secondsLeft(until) > 0 ? 'open' : 'half-open', until })
      }
      return shown
    },
  }
}

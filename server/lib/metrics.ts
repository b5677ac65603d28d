import type { Gauge } from 'prom-client'

/** A request that was answered. */
export interface AnsweredRequest {
  method: string
  /** The route's pattern, never the path: whoever calls does not choose how many series there are. */
  route: string
  status: number
  /** Undefined for a stream, which lasts as long as somebody watches. */
  seconds: number | undefined
}

/** A figure of the moment, by one label. */
export interface Figure {
  readonly name: string
  readonly help: string
  /** Absent where there is one value alone. */
  readonly label?: string
  readonly values: readonly { readonly of?: string; readonly value: number }[]
}

/** What a scraper is told of this process. */
export interface Metrics {
  /** Of what `text` gives: Prometheus' text format. */
  readonly mediaType: string
  observe(request: AnsweredRequest): void
  /** @param figures of the moment, in place of those of the last time */
  text(figures: readonly Figure[]): Promise<string>
}

const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])
const secondsUpTo = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** Starts measuring; loaded where somebody may ask for it. */
export async function createMetrics(): Promise<Metrics> {
  const { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } = await import('prom-client')
  const register = new Registry()
  collectDefaultMetrics({ register })
  const answered = new Counter({
    name: 'tenantry_http_requests_total',
    help: 'Requests that were answered.',
    labelNames: ['method', 'route', 'status'],
    registers: [register],
  })
  const took = new Histogram({
    name: 'tenantry_http_request_duration_seconds',
    help: 'How long requests took to be answered, streams left out.',
    labelNames: ['method', 'route'],
    buckets: secondsUpTo,
    registers: [register],
  })
  const gauges = new Map<string, Gauge>()
  const gaugeOf = ({ name, help, label }: Figure) => {
    const known = gauges.get(name)
    if (known) return known
    const made = new Gauge({ name, help, labelNames: label ? [label] : [], registers: [register] })
    gauges.set(name, made)
    return made
  }

  return {
    mediaType: register.contentType,
    observe({ method, route, status, seconds }) {
      const known = methods.has(method) ? method : 'other'
      answered.inc({ method: known, route, status })
      if (seconds !== undefined) took.observe({ method: known, route }, seconds)
    },
    async text(figures) {
      // Set and read in one go: two scrapes at once each get figures that belong together.
      for (const figure of figures) {
        const gauge = gaugeOf(figure)
        gauge.reset()
        for (const { of, value } of figure.values)
          if (figure.label && of !== undefined) gauge.set({ [figure.label]: of }, value)
          else gauge.set(value)
      }
      return register.metrics()
    },
  }
}

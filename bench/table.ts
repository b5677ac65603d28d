import type { ColdStartResult } from './cold-start.ts'
import type { CommandLineResult } from './command-line.ts'
import type { ConvergeResult } from './converge.ts'
import type { FlatResult } from './flat.ts'
import type { FleetResult } from './fleet.ts'
import type { KilledResult } from './killed.ts'
import type { ListResult } from './list.ts'
import type { LoginResult } from './login.ts'
import type { MemoryResult } from './memory.ts'
import type { QueueResult } from './queue.ts'
import { sampleOf, type Sample } from './statistics.ts'
import type { SweepCost } from './sweep.ts'
import type { VaultLoadResult } from './vault-load.ts'

/** One line of the table: what was measured beside what it is measured by. */
export interface Row {
  readonly what: string
  readonly database: string
  readonly tenantry: string
  readonly yardstick: string
  readonly ratio: string
  readonly wanted: string
  readonly met: boolean | undefined
}

type Line = Omit<Row, 'database'>

/** Requests a second, beside those of a bare route that does the least for the same. */
const rateLine =
  (what: string, bareRoute: string, least: number) =>
  ({ tenantry, bare, ratio }: ListResult): Line => ({
    what: `${what}, requests a second`,
    tenantry: withSpread(tenantry, whole),
    yardstick: `${withSpread(bare, whole)}, a bare route ${bareRoute}`,
    ratio: withSpread(ratio, hundredths),
    wanted: `at least ${least}`,
    met: ratio.median >= least,
  })

export const listLine = rateLine('Authorized list of 20', 'with the same query', 0.5)
export const bearerLine = rateLine('The same list by an access token', 'that verifies it by jose', 0.6)
export const proofLine = rateLine(
  'What a machine is told of itself, by its proof, with Redis',
  'that verifies Ed25519 and sets one key in Redis',
  0.5,
)

export function vaultLines({ backends, rotationSeconds }: VaultLoadResult): Line[] {
  const loads = backends.flatMap(({ name, put, get, walkSeconds }) => [
    ...[['written', put] as const, ['read', get] as const].map(([what, { vault, raw }]) => {
      const ratio = sampleOf(vault.map((ours, round) => ours / (raw[round] ?? ours)))
      return {
        what: `Secrets ${what} a second, one after the other, on ${name}`,
        tenantry: withSpread(sampleOf(vault), whole),
        yardstick: `${withSpread(sampleOf(raw), whole)}, the store's own operations and AES-256-GCM`,
        ratio: withSpread(ratio, hundredths),
        wanted: 'at least 0.6',
        met: ratio.median >= 0.6,
      }
    }),
    withinSeconds(`5,000 secrets listed page by page, on ${name}, s`, walkSeconds, 1),
  ])
  return [...loads, withinSeconds('The master key rotated over 1,000 vaults, s', rotationSeconds, 30)]
}

const withinSeconds = (what: string, seconds: number, limit: number): Line => ({
  what,
  tenantry: hundredths(seconds),
  yardstick: String(limit),
  ratio: hundredths(seconds / limit),
  wanted: 'at most 1',
  met: seconds <= limit,
})

export function flatLines({ kind, byTenants, byMemberships }: FlatResult): Line[] {
  const who = kind === 'session' ? 'by session' : 'by access token'
  const line = (what: string, times: readonly number[], yardstick: string): Line => {
    const ratio = Math.max(...times) / Math.min(...times)
    return {
      what: `One tenant ${who}, p95 in ms, ${what}`,
      tenantry: times.map(hundredths).join(', '),
      yardstick,
      ratio: hundredths(ratio),
      wanted: 'at most 1.3',
      met: ratio <= 1.3,
    }
  }
  return [
    line('of 100 and of 10,000', byTenants, 'the fewest tenants'),
    line('for a member of 1, 50 and 500', byMemberships, 'the fastest of them'),
  ]
}

export function loginLines({ logins, hashes, ratio, delay }: LoginResult): Line[] {
  const limit = 20
  return [
    {
      what: 'Logins a second, eight people at once',
      tenantry: withSpread(logins, whole),
      yardstick: `${withSpread(hashes, whole)}, the Argon2id hash alone, two at a time`,
      ratio: withSpread(ratio, hundredths),
      wanted: '',
      met: undefined,
    },
    {
      what: "Event loop's delay meanwhile, ms, p99 (most)",
      tenantry: `${delay.p99.toFixed(1)} (${delay.most.toFixed(1)})`,
      yardstick: String(limit),
      ratio: hundredths(delay.p99 / limit),
      wanted: 'below 1',
      met: delay.p99 < limit,
    },
  ]
}

export function coldStartLine({ tenantry, bare, ratio }: ColdStartResult): Line {
  return {
    what: 'Cold start to the first authorized answer, ms',
    tenantry: withSpread(tenantry, whole),
    yardstick: `${withSpread(bare, whole)}, a bare Nuxt server`,
    ratio: withSpread(ratio, hundredths),
    wanted: 'at most 2',
    met: ratio.median <= 2,
  }
}

export function commandLineLine({ tenantry, bare, ratio }: CommandLineResult): Line {
  const limit = 300
  return {
    what: 'tenantry --help, ms',
    tenantry: withSpread(tenantry, whole),
    yardstick: `${withSpread(bare, whole)}, Node with nothing to do`,
    ratio: withSpread(ratio, hundredths),
    wanted: `at most ${limit} ms`,
    met: tenantry.median <= limit,
  }
}

export function memoryLines({ idle, afterList, afterPages }: MemoryResult): Line[] {
  const limit = 160
  const plain = { yardstick: '', ratio: '', wanted: '', met: undefined }
  return [
    {
      what: 'Resident memory idle, MB',
      tenantry: withSpread(idle, whole),
      yardstick: String(limit),
      ratio: hundredths(idle.median / limit),
      wanted: 'below 1',
      met: idle.median < limit,
    },
    { ...plain, what: 'Resident memory after a load of lists, MB', tenantry: whole(afterList) },
    { ...plain, what: 'Resident memory after a load of pages, MB', tenantry: whole(afterPages) },
  ]
}

export function convergeLine({ seconds, calls, leastSeconds, ratio }: ConvergeResult): Line {
  return {
    what: '200 tenants converge, s',
    tenantry: seconds.toFixed(2),
    yardstick: `${leastSeconds.toFixed(2)}, ${calls} calls of 100 ms, 8 at a time`,
    ratio: hundredths(ratio),
    wanted: 'at most 1.5',
    met: ratio <= 1.5,
  }
}

export function fleetLine({ seconds, slowest, calls, needed, concurrency, ...bound }: FleetResult): Line {
  const { leastSeconds, ratio } = bound
  const count = (value: number) => value.toLocaleString('en')
  return {
    what: '1,000 tenants of four members converge, one call of ten fails, s',
    tenantry: seconds.toFixed(1),
    yardstick: `${leastSeconds.toFixed(1)}, ${count(calls)} calls of 100 ms to ${slowest}, ${concurrency} at a time; ${count(needed)} where none fails`,
    ratio: hundredths(ratio),
    wanted: 'at most 1.5',
    met: ratio <= 1.5,
  }
}

export function killedLine({ seconds, held }: KilledResult): Line {
  const limit = 15
  return {
    what: 'SIGKILL of one of two workers, s until its tenants go on',
    tenantry: `${seconds.toFixed(1)}, ${held} tenants held`,
    yardstick: String(limit),
    ratio: hundredths(seconds / limit),
    wanted: 'at most 1',
    met: seconds <= limit,
  }
}

export function queueLines({ idle, loaded }: QueueResult): Line[] {
  const limit = 10
  return [
    {
      what: "From an intent to its step's beginning, idle worker, ms",
      tenantry: withSpread(idle, tenths),
      yardstick: String(limit),
      ratio: hundredths(idle.median / limit),
      wanted: 'below 1',
      met: idle.median < limit,
    },
    {
      what: 'A step that is one call and over, 300 tenants waiting, ms',
      ...{ tenantry: tenths(loaded), yardstick: '', ratio: '', wanted: '', met: undefined },
    },
  ]
}

export function sweepLines([few, many]: SweepCost[]): Line[] {
  if (!few || !many) throw new Error('A sweep is measured of few and of many tenants.')
  const [limit, callsOfTenant, growth] = [60, 0.25, 1.2]
  const tenants = (cost: SweepCost) => whole(cost.tenants)
  const calls = (many.calls - few.calls) / (many.tenants - few.tenants)
  return [
    {
      what: `Sweep of ${tenants(many)} tenants that finds nothing, s`,
      tenantry: many.seconds.toFixed(1),
      yardstick: `${limit}, services of 10 ms`,
      ratio: hundredths(many.seconds / limit),
      wanted: 'below 1',
      met: many.seconds < limit,
    },
    {
      what: `Its calls, of ${tenants(few)} and ${tenants(many)} tenants`,
      tenantry: `${whole(few.calls)}, ${whole(many.calls)}`,
      yardstick: `${whole(few.pages)}, ${whole(many.pages)} pages; ${whole(few.looks)}, ${whole(many.looks)} tenants looked at closely`,
      ratio: `${hundredths(calls)} for each tenant more`,
      wanted: `at most ${callsOfTenant}`,
      met: calls <= callsOfTenant,
    },
    {
      what: `Peak resident memory, MB, with ${tenants(many)} tenants swept: ${tenants(few)} again and again, and all at once`,
      tenantry: `${whole(few.peakMegabytes)}, ${whole(many.peakMegabytes)}`,
      yardstick: 'the fewer',
      ratio: hundredths(many.peakMegabytes / few.peakMegabytes),
      wanted: `at most ${growth}`,
      met: many.peakMegabytes / few.peakMegabytes <= growth,
    },
  ]
}

/** The rows as a table in Markdown. */
export function tableOf(rows: readonly Row[]): string {
  const verdict = ({ wanted, met }: Row) =>
    met === undefined ? '' : `${wanted}: ${met ? 'met' : '**missed**'}`
  return [
    '| What | Database | Tenantry | Yardstick | Ratio | Wanted |',
    '| --- | --- | --- | --- | --- | --- |',
    ...rows.map(
      (row) =>
        `| ${[row.what, row.database, row.tenantry, row.yardstick, row.ratio, verdict(row)].join(' | ')} |`,
    ),
  ].join('\n')
}

/** The median, with the least and the most in parentheses. */
function withSpread({ median, least, most }: Sample, write: (value: number) => string): string {
  return `${write(median)} (${write(least)} to ${write(most)})`
}

const whole = (value: number) => Math.round(value).toLocaleString('en')
const tenths = (value: number) => value.toFixed(1)
const hundredths = (value: number) => value.toFixed(2)

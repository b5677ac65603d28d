import { setTimeout as wait } from 'node:timers/promises'
import { giveMembers } from '../tests/harness/people.ts'
import {
  holdingsOf,
  holdingsWanted,
  startServices,
  type Calls,
  type ServiceName,
  type Services,
} from '../tests/harness/services.ts'
import { Client } from './client.ts'
import type { Engine, Engines } from './databases.ts'
import { createTenants, setUp } from './seed.ts'
import { startServer } from './servers.ts'

const tenantCount = 1_000
/** So many tenants tell how many calls one needs where nothing fails. */
const probeCount = 20
/**
 * More than the default of 8, at which the calls alone would take four minutes; less than what keeps a core busy, which
 * is then what would be measured: a call costs about 1.5 ms of it, with the database.
 */
const concurrency = 20
const callMilliseconds = 100
const patienceSeconds = 900

export interface FleetResult {
  /** Seconds from the worker's start to the last tenant active. */
  readonly seconds: number
  /** The service whose calls take the longest, as many at a time as the limit allows. */
  readonly slowest: ServiceName
  /** Its calls, those that failed among them. */
  readonly calls: number
  /** Its calls where none fails. */
  readonly needed: number
  readonly concurrency: number
  /** Seconds that its calls take. */
  readonly leastSeconds: number
  readonly ratio: number
}

/**
 * Brings about 1,000 tenants with four members each at services of which every call takes 100 ms and every tenth fails:
 * refused for a second, unavailable, not its own answer, or applied and then cut. A call without an answer is not among
 * them: it takes its place for the 10 s of the time limit, which is what would be measured then.
 *
 * The bound: the calls that the slowest service was sent, each 100 ms, as many at a time as the limit of a service
 * allows. Calls that failed are among them, and what was asked again because of them, so a worker that asked more than
 * it had to would make its bound easier to hold: therefore those are told beside it that 20 tenants need where nothing
 * fails.
 *
 * @throws Error where a service has something twice, or not at all
 */
export async function measureFleet(engine: Engine, engines: Engines): Promise<FleetResult> {
  const probe = await converge(engine, engines, { tenants: probeCount, isFailing: false })
  const { seconds, calls } = await converge(engine, engines, { tenants: tenantCount, isFailing: true })
  const secondsOf = (count: number) => (count * callMilliseconds) / concurrency / 1000
  const [slowest] = (Object.keys(calls) as ServiceName[]).sort((a, b) => calls[b] - calls[a])
  if (!slowest) throw new Error('No service was called.')
  const leastSeconds = secondsOf(calls[slowest])
  return {
    seconds,
    slowest,
    calls: calls[slowest],
    needed: Math.round((probe.calls[slowest] / probeCount) * tenantCount),
    concurrency,
    leastSeconds,
    ratio: seconds / leastSeconds,
  }
}

async function converge(
  engine: Engine,
  { folder }: Engines,
  { tenants, isFailing }: { tenants: number; isFailing: boolean },
): Promise<{ seconds: number; calls: Calls }> {
  const databaseUrl = await engine.create(`fleet_${tenants}`)
  const services = await startServices(callMilliseconds)
  try {
    const cookie = await seedFleet(services, { databaseUrl, folder, tenants })
    if (isFailing) services.fail()
    const server = await startServer('tenantry', {
      databaseUrl,
      folder,
      env: { ...services.env, PROVISIONING_CONCURRENCY: String(concurrency) },
    })
    try {
      await server.firstAnswer('/health')
      await allActive(new Client(server, cookie), patienceSeconds)
      const seconds = (performance.now() - server.spawnedAt) / 1000
      expectNoDuplicates(services, tenants)
      return { seconds, calls: services.calls() }
    } finally {
      await server.stop()
    }
  } finally {
    await services.stop()
  }
}

/**
 * Makes tenants of four people each, whose steps wait for a worker.
 *
 * @returns an operator's session
 */
export async function seedFleet(
  { ocis }: Pick<Services, 'ocis'>,
  { databaseUrl, folder, tenants }: { databaseUrl: string; folder: string; tenants: number },
): Promise<string> {
  const server = await startServer('tenantry', { databaseUrl, folder, env: { WORKER: 'off' } })
  let cookie: string
  try {
    const operator = await setUp(server)
    await createTenants(operator, tenants)
    cookie = operator.cookie
  } finally {
    await server.stop()
  }
  // Everybody has signed in at OCIS before, which makes their account.
  for (const mail of await giveMembers(databaseUrl)) ocis.addUser({ mail })
  return cookie
}

/** @throws Error where it takes longer */
export async function allActive(operator: Client, seconds: number): Promise<void> {
  const began = performance.now()
  for (;;) {
    const page = (await operator.send('GET', '/api/tenants?status=pending&limit=1')) as { items: unknown[] }
    if (page.items.length === 0) return
    if (performance.now() - began > seconds * 1000)
      throw new Error(`After ${seconds} s there are still tenants that wait: ${JSON.stringify(page.items)}`)
    await wait(100)
  }
}

/** @throws Error where a service has something twice or lacks it, or was asked what its schema does not allow */
export function expectNoDuplicates(services: Services, tenants: number): void {
  const [found, wanted] = [holdingsOf(services), holdingsWanted(tenants)]
  if (JSON.stringify(found) !== JSON.stringify(wanted))
    throw new Error(`The services have ${JSON.stringify(found)} and should have ${JSON.stringify(wanted)}.`)
}

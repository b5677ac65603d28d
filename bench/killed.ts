import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'
import { readLeases, untilLeft } from '../tests/harness/leases.ts'
import { startServices } from '../tests/harness/services.ts'
import type { Engine, Engines } from './databases.ts'
import { expectNoDuplicates, seedFleet } from './fleet.ts'
import { startServer } from './servers.ts'

const tenantCount = 100
const callMilliseconds = 100
const lookMilliseconds = 20
const patienceMilliseconds = 300_000

export interface KilledResult {
  /** Seconds until the last of the tenants that the killed worker held was taken up by the other. */
  readonly seconds: number
  /** How many it held. */
  readonly held: number
}

/**
 * Two workers bring about 100 tenants with four members each on PostgreSQL, at services of which each call takes 100 ms.
 * When half of them are active one worker is ended as by a power cut, and the other has to find out and go on.
 *
 * @throws Error where a service has something twice, or not at all
 */
export async function measureKilledWorker(engine: Engine, { folder }: Engines): Promise<KilledResult> {
  const databaseUrl = await engine.create('killed')
  const services = await startServices(callMilliseconds)
  const client = new pg.Client({ connectionString: databaseUrl })
  try {
    await seedFleet(services, { databaseUrl, folder, tenants: tenantCount })
    await client.connect()
    const options = { databaseUrl, folder, env: { ...services.env, WORKER: 'only' } }
    const workers = [await startServer('tenantry', options), await startServer('tenantry', options)] as const
    try {
      for (const worker of workers) await worker.firstAnswer('/health')
      await pendingAtMost(client, tenantCount / 2)
      await workers[0].kill()
      const { taken, milliseconds } = await untilLeft(databaseUrl, await readLeases(databaseUrl))
      if (taken === 0) throw new Error('The killed worker held nothing.')
      await pendingAtMost(client, 0)
      expectNoDuplicates(services, tenantCount)
      return { seconds: milliseconds / 1000, held: taken }
    } finally {
      await workers[1].stop()
    }
  } finally {
    await client.end()
    await services.stop()
  }
}

async function pendingAtMost(client: pg.Client, count: number): Promise<void> {
  const began = performance.now()
  const sql = `SELECT count(*)::int AS count FROM "Tenant" WHERE status = 'pending'`
  for (;;) {
    const { rows } = await client.query<{ count: number }>(sql)
    if ((rows[0]?.count ?? 0) <= count) return
    if (performance.now() - began > patienceMilliseconds)
      throw new Error(`${rows[0]?.count} tenants still wait.`)
    await wait(lookMilliseconds)
  }
}

import { startAuthentikFake } from '../server/integrations/authentik/fake.ts'
import type { Engine, Engines } from './databases.ts'
import { createTenants, settled, setUp } from './seed.ts'
import { startServer } from './servers.ts'

const tenantCount = 200
const concurrency = 8
const callMilliseconds = 100

export interface ConvergeResult {
  /** Seconds from the first creation to the last tenant active. */
  readonly seconds: number
  readonly calls: number
  /** Seconds that the calls alone take, so many at a time as tenants are worked on. */
  readonly leastSeconds: number
  readonly ratio: number
}

/** Creates tenants at a server whose Authentik takes 100 ms for each call, and waits until all are active. */
export async function measureConvergence(engine: Engine, { folder }: Engines): Promise<ConvergeResult> {
  const fake = await startAuthentikFake()
  fake.faults.add({ kind: 'delay', ms: callMilliseconds, times: 'always' })
  const server = await startServer('tenantry', {
    databaseUrl: await engine.create('converging'),
    folder,
    env: {
      AUTHENTIK_API_URL: fake.url,
      AUTHENTIK_API_TOKEN: fake.token,
      PROVISIONING_CONCURRENCY: String(concurrency),
    },
  })
  try {
    const operator = await setUp(server)
    const began = performance.now()
    await createTenants(operator, tenantCount)
    await settled(operator)
    const seconds = (performance.now() - began) / 1000
    if (fake.groups().length !== tenantCount || fake.violations().length > 0)
      throw new Error(
        `The fake has ${fake.groups().length} groups; violations: ${fake.violations().join('; ')}`,
      )
    const calls = Object.values(fake.calls()).reduce((sum, count) => sum + count, 0)
    const leastSeconds = (calls * callMilliseconds) / concurrency / 1000
    return { seconds, calls, leastSeconds, ratio: seconds / leastSeconds }
  } finally {
    await server.stop()
    await fake.stop()
  }
}

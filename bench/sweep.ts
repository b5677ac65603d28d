import { startAuthentikFake } from '../server/integrations/authentik/fake.ts'
import { startOcisFake } from '../server/integrations/ocis/fake.ts'
import { startStalwartFake } from '../server/integrations/stalwart/fake.ts'
import { Client, password } from './client.ts'
import type { Engine, Engines } from './databases.ts'
import { createTenants, settled, setUp } from './seed.ts'
import { startServer, type Server } from './servers.ts'
import { fillWithSettled, keepWhatWasFound } from './sweep-crowd.ts'

const callMilliseconds = 10
const most = 10_000

export interface SweepCost {
  readonly tenants: number
  readonly seconds: number
  /** HTTP requests that all services answered. */
  readonly calls: number
  /** How many tenants were looked at closely. */
  readonly looks: number
  /** That the surveys asked for. */
  readonly pages: number
  /** The most that the process held resident from its start until it had swept `most` tenants, in MiB. */
  readonly peakMegabytes: number
}

/**
 * Sweeps that find nothing: of 1,000 and of 10,000 tenants, each with a group at Authentik, a domain with a mailbox at
 * Stalwart and a space at OCIS, that take 10 ms for each call. Rows and things are put there directly; what is kept of
 * the things is what a first sweep found of them. The process is started anew for the sweep that is measured. As with
 * the default interval, a part of the tenants is looked at closely (who is in their spaces).
 *
 * What memory is held depends on how long a process has been at work, since V8 lets rubbish lie while there is room. So
 * the fewer tenants are swept again and again, until the process has done as much: what differs is how many there are.
 */
export async function measureSweeps(engine: Engine, engines: Engines): Promise<SweepCost[]> {
  return [await measureSweep(1_000, engine, engines), await measureSweep(most, engine, engines)]
}

async function measureSweep(tenants: number, engine: Engine, { folder }: Engines): Promise<SweepCost> {
  const services = await startServices()
  const databaseUrl = await engine.create(`swept_${tenants}`)
  const started = (env: Record<string, string> = {}) =>
    startServer('tenantry', { databaseUrl, folder, env: { ...services.env, ...env } })
  const within = async <Result>(server: Server, work: () => Promise<Result>) => {
    try {
      return await work()
    } finally {
      await server.stop()
    }
  }
  try {
    const first = await started({ SWEEP_INTERVAL_SECONDS: '0' })
    const ownerId = await within(first, async () => {
      const operator = await setUp(first)
      await createTenants(operator, 1)
      await settled(operator)
      return ((await operator.send('GET', '/api/users/me')) as { id: string }).id
    })
    services.fill(await fillWithSettled(databaseUrl, tenants), ownerId)
    const second = await started({ SWEEP_INTERVAL_SECONDS: '0' })
    await within(second, async () => sweep(await signedIn(second)))
    await keepWhatWasFound(databaseUrl)

    services.slowDown()
    const third = await started({ SWEEP_INTERVAL_SECONDS: '3600' })
    return await within(third, async () => {
      const operator = await signedIn(third)
      const callsBefore = services.calls()
      const { seconds, drifted, things, pages, tenants: looks } = await sweep(operator)
      if (drifted > 0 || things < 5 * tenants)
        throw new Error(`The sweep saw ${things} things, and ${drifted} that are not as they should be.`)
      const calls = services.calls() - callsBefore
      for (let swept = tenants; swept < most; swept += tenants) await sweep(operator)
      return { tenants, seconds, calls, looks, pages, peakMegabytes: await third.peakMegabytes() }
    })
  } finally {
    await services.stop()
  }
}

async function signedIn(server: Server): Promise<Client> {
  await server.firstAnswer('/health')
  const operator = new Client(server)
  await operator.send('POST', '/api/auth/login', { email: 'olga@example.org', password })
  return operator
}

interface Swept {
  id: string
  status: string
  drifted: number
  things: number
  tenants: number
  pages: number
  failures: Record<string, string>
  startedAt: string
  endedAt: string
}

/** Has everything compared, and waits for the end. */
async function sweep(operator: Client): Promise<Swept & { seconds: number }> {
  const { runId } = (await operator.send('POST', '/api/operator/sweep')) as { runId: string }
  for (;;) {
    const { items } = (await operator.send('GET', '/api/operator/sweep?limit=1')) as { items: Swept[] }
    const [last] = items
    if (last?.id === runId && last.status !== 'running') {
      if (last.status !== 'done') throw new Error(`The sweep failed: ${JSON.stringify(last.failures)}`)
      const seconds = (new Date(last.endedAt).getTime() - new Date(last.startedAt).getTime()) / 1000
      return { ...last, seconds }
    }
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

async function startServices() {
  const authentik = await startAuthentikFake()
  const stalwart = await startStalwartFake()
  const ocis = await startOcisFake({ flavour: 'ocis' })
  const all = [authentik, stalwart, ocis]
  const { clientId, clientSecret } = ocis.credentials
  return {
    env: {
      AUTHENTIK_API_URL: authentik.url,
      AUTHENTIK_API_TOKEN: authentik.token,
      STALWART_API_URL: stalwart.url,
      STALWART_API_TOKEN: stalwart.token,
      OCIS_API_URL: ocis.url,
      OCIS_CLIENT_ID: clientId,
      OCIS_CLIENT_SECRET: clientSecret,
      OCIS_TOKEN_URL: ocis.tokenUrl,
    },
    fill(tenants: readonly { id: string; slug: string }[], userId: string) {
      for (const { id, slug } of tenants) {
        authentik.addGroup({ name: slug, attributes: { tenantId: id, slug } })
        stalwart.addDomain({ name: `${slug}.example`, description: `tenantry:${id}` })
        stalwart.addAccount({ email: `olga@${slug}.example`, stamp: `tenantry:${id}:${userId}` })
        ocis.addDrive({
          name: slug,
          description: `Of ${slug}. [tenantry:space:${id}]`,
          total: 2 ** 30,
          isOurs: true,
        })
      }
    },
    slowDown() {
      for (const { faults } of all) faults.add({ kind: 'delay', ms: callMilliseconds, times: 'always' })
    },
    calls: () => stalwart.requests() + sumOf(authentik.calls()) + sumOf(ocis.calls()),
    stop: () => Promise.all(all.map((fake) => fake.stop())),
  }
}

const sumOf = (counts: Record<string, number>) => Object.values(counts).reduce((sum, count) => sum + count, 0)

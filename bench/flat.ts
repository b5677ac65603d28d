import { Agent, request } from 'node:http'
import { Client, password } from './client.ts'
import { fillDatabase } from './crowd.ts'
import type { Engine, Engines } from './databases.ts'
import { startIssuer, type Issuer } from './issuer.ts'
import { setUp } from './seed.ts'
import { startServer, type Server } from './servers.ts'
import { p95Of } from './statistics.ts'

const crowds = [100, 10_000] as const
const memberships = [1, 50, 500] as const
const rounds = 25
const callsInRound = 40
const path = '/api/tenants/crowd-1'

export interface FlatResult {
  readonly kind: 'session' | 'bearer'
  /** Milliseconds that 95 of 100 calls do not exceed, where there are so many tenants. */
  readonly byTenants: readonly number[]
  /** The same for people with 1, 50 and 500 memberships. */
  readonly byMemberships: readonly number[]
}

type Kind = FlatResult['kind']
type Headers = Record<string, string>

/** Calls one tenant's route, one call at a time, in turns over all sizes: as somebody with a session, and with a token. */
export async function measureFlatness(engine: Engine, engines: Engines): Promise<FlatResult[]> {
  const issuer = await startIssuer()
  const crowded = []
  try {
    for (const tenants of crowds) crowded.push(await startCrowded(engine, engines, issuer, tenants))
    const results: FlatResult[] = []
    for (const kind of ['session', 'bearer'] as const) {
      const [small, large] = crowded
      if (!small || !large) throw new Error('There are two crowds.')
      const byTenants = await p95InTurns([small, large].map(({ server, as }) => [server, as(kind, 1)]))
      const byMemberships = await p95InTurns(memberships.map((many) => [large.server, large.as(kind, many)]))
      results.push({ kind, byTenants, byMemberships })
    }
    return results
  } finally {
    for (const { server } of crowded) await server.stop()
    await issuer.stop()
  }
}

async function startCrowded(engine: Engine, { folder }: Engines, issuer: Issuer, tenants: number) {
  const databaseUrl = await engine.create(`crowd_${tenants}`)
  const options = { databaseUrl, folder, env: { ...issuer.env, WORKER: 'off' } }
  const people = new Map<string, Headers>()
  const members: Record<string, number> = {}

  const before = await startServer('tenantry', options)
  try {
    const operator = await setUp(before)
    await operator.send('POST', '/api/tenants', { slug: 'first', name: 'First' })
    for (const many of memberships.filter((count) => count <= tenants)) {
      const email = `session-${many}@example.org`
      const user = (await operator.send('POST', '/api/users', { email, name: 'Mia', password })) as {
        id: string
      }
      members[user.id] = many
      const browser = new Client(before)
      await browser.send('POST', '/api/auth/login', { email, password })
      people.set(`session ${many}`, { cookie: browser.cookie })

      members[await issuer.introduce(before, `bearer-${many}`)] = many
      people.set(`bearer ${many}`, { authorization: `Bearer ${await issuer.tokenOf(`bearer-${many}`)}` })
    }
  } finally {
    await before.stop()
  }
  await fillDatabase(databaseUrl, { tenants, memberships: members })
  const server = await startServer('tenantry', options)
  await server.firstAnswer('/health')
  const as = (kind: Kind, many: number): Headers => {
    const headers = people.get(`${kind} ${many}`)
    if (!headers) throw new Error(`Nobody has ${many} memberships by ${kind}.`)
    return headers
  }
  return { server, as }
}

async function p95InTurns(targets: readonly (readonly [Server, Headers])[]): Promise<number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const times = targets.map(() => [] as number[])
  try {
    for (let round = -1; round < rounds; round++)
      for (const [i, [server, headers]] of targets.entries())
        for (let call = 0; call < callsInRound; call++) {
          const took = await timeOf(agent, server.url + path, headers)
          // The first round warms up.
          if (round >= 0) times[i]?.push(took)
        }
  } finally {
    agent.destroy()
  }
  return times.map(p95Of)
}

/** @returns milliseconds @throws Error where it is not answered 200 */
function timeOf(agent: Agent, url: string, headers: Headers): Promise<number> {
  return new Promise((resolve, reject) => {
    const began = performance.now()
    request(url, { agent, headers }, (response) => {
      response.resume().on('end', () => {
        if (response.statusCode === 200) resolve(performance.now() - began)
        else reject(new Error(`GET ${url} was answered ${response.statusCode}.`))
      })
    })
      .on('error', reject)
      .end()
  })
}

import { once } from 'node:events'
import { createServer, type Server as HttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { DatabaseSync } from 'node:sqlite'
import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'
import type { Client } from './client.ts'
import type { Engine, Engines } from './databases.ts'
import { createTenants, setUp } from './seed.ts'
import { startServer } from './servers.ts'
import { sampleOf, type Sample } from './statistics.ts'

const rounds = 60
const warmUpRounds = 10
const restMilliseconds = 50
const loadedTenants = 300
const patienceMilliseconds = 120_000

export interface QueueResult {
  /** Milliseconds from the intent's commit to the step's beginning, with a worker that has nothing else to do. */
  readonly idle: Sample
  /** Milliseconds that each step costs where 300 tenants wait, from the first to the last. */
  readonly loaded: number
}

/** What a step's row says. */
interface StepRow {
  readonly generation: number
  readonly isBegun: boolean
}

interface Reader {
  /** Of the one tenant that there is, its first step. */
  step(): Promise<StepRow>
  /** How many steps were tried; and since when, in seconds, the first of them. */
  failed(): Promise<number>
  close(): Promise<void>
}

/**
 * What stands between an intent and its step. A tenant's service refuses at once, so that a step is one call and over.
 *
 * Idle: a connection of its own looks at the step's row over and over; the time is that between the moment at which it
 * sees that the step was asked for, and that at which it sees that it is running. So the transaction in which a worker
 * takes the tenant is part of it, and the one in which it was asked for is not.
 *
 * Loaded: 300 tenants wait for a worker, which starts and works on eight at a time. The time is that between the first
 * step done and the last, for each step: all of it is the queue's and the engine's own writing.
 */
export async function measureQueue(engine: Engine, engines: Engines): Promise<QueueResult> {
  const service = await startRefusing()
  try {
    return {
      idle: await measureIdle(engine, engines, service),
      loaded: await measureLoaded(engine, engines, service),
    }
  } finally {
    service.closeAllConnections()
    service.close()
  }
}

async function measureIdle(engine: Engine, { folder }: Engines, service: HttpServer): Promise<Sample> {
  const databaseUrl = await engine.create('queue_idle')
  const server = await startServer('tenantry', { databaseUrl, folder, env: envOf(service) })
  try {
    const operator = await setUp(server)
    await createTenants(operator, 1)
    const reader = await openReader(databaseUrl)
    try {
      const times: number[] = []
      for (let round = 0; round < rounds + warmUpRounds; round++) {
        await until(async () => (await reader.failed()) === 1)
        await wait(restMilliseconds)
        const took = await timeStep(operator, reader)
        if (round >= warmUpRounds) times.push(took)
      }
      return sampleOf(times)
    } finally {
      await reader.close()
    }
  } finally {
    await server.stop()
  }
}

async function timeStep(operator: Client, reader: Reader): Promise<number> {
  const { generation } = await reader.step()
  const asked = operator.send('POST', '/api/tenants/tenant-1/reconcile', {})
  let seenAt: number | undefined
  for (;;) {
    const step = await reader.step()
    const now = performance.now()
    if (step.generation > generation) seenAt ??= now
    if (seenAt !== undefined && step.isBegun) {
      await asked
      return now - seenAt
    }
    await turn()
  }
}

async function measureLoaded(engine: Engine, { folder }: Engines, service: HttpServer): Promise<number> {
  const databaseUrl = await engine.create('queue_loaded')
  const options = { databaseUrl, folder }
  const before = await startServer('tenantry', { ...options, env: { WORKER: 'off' } })
  try {
    await createTenants(await setUp(before), loadedTenants)
  } finally {
    await before.stop()
  }
  const reader = await openReader(databaseUrl)
  const server = await startServer('tenantry', { ...options, env: envOf(service) })
  try {
    let first = { count: 0, at: 0 }
    await until(async () => {
      const count = await reader.failed()
      if (first.count === 0 && count > 0) first = { count, at: performance.now() }
      return count === loadedTenants
    })
    return (performance.now() - first.at) / (loadedTenants - first.count)
  } finally {
    await reader.close()
    await server.stop()
  }
}

/** Authentik, as far as it refuses whatever it is asked, which waiting does not help. */
async function startRefusing(): Promise<HttpServer> {
  const service = createServer((_, response) =>
    response.writeHead(400, { 'content-type': 'application/json' }).end('{"non_field_errors":["Refused."]}'),
  )
  await once(service.listen(0, '127.0.0.1'), 'listening')
  return service
}

const envOf = (service: HttpServer) => ({
  AUTHENTIK_API_URL: `http://127.0.0.1:${(service.address() as AddressInfo).port}`,
  AUTHENTIK_API_TOKEN: 'refused',
})

async function openReader(url: string): Promise<Reader> {
  const ask = await opened(url)
  const steps = `FROM "ProvisioningStep" WHERE service = 'authentik' AND step = 'group'`
  return {
    async step() {
      const [row] = await ask.rows(`SELECT generation, status ${steps}`)
      return { generation: Number(row?.generation), isBegun: row?.status !== 'pending' }
    },
    async failed() {
      const [row] = await ask.rows(`SELECT count(*) AS count ${steps} AND status = 'error'`)
      return Number(row?.count)
    },
    close: ask.close,
  }
}

interface Opened {
  rows(sql: string): Promise<Record<string, unknown>[]>
  close(): Promise<void>
}

async function opened(url: string): Promise<Opened> {
  if (url.startsWith('file:')) {
    const database = new DatabaseSync(url.slice('file:'.length), { readOnly: true })
    return {
      rows: (sql) => Promise.resolve(database.prepare(sql).all()),
      close: () => Promise.resolve(database.close()),
    }
  }
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  return {
    rows: async (sql) => (await client.query<Record<string, unknown>>(sql)).rows,
    close: () => client.end(),
  }
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const began = performance.now()
  while (!(await isSo())) {
    if (performance.now() - began > patienceMilliseconds) throw new Error('The steps are not tried.')
    await wait(5)
  }
}

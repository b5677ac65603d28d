import { setTimeout as wait } from 'node:timers/promises'
import type { Engines } from './databases.ts'
import { load } from './load.ts'
import type { SeededDatabase } from './seed.ts'
import { startServer, type Server } from './servers.ts'
import { sampleOf, type Sample } from './statistics.ts'

const starts = 3
const idleMilliseconds = 5_000
const loadSeconds = 6

/** Resident memory in megabytes. */
export interface MemoryResult {
  /** Some seconds after the start and the first page. */
  readonly idle: Sample
  /** Right after a load of the list. */
  readonly afterList: number
  /** Right after a load of pages that the server renders. */
  readonly afterPages: number
}

/** Starts Tenantry several times and lets it rest; loads the last one. */
export async function measureMemory(database: SeededDatabase, { folder }: Engines): Promise<MemoryResult> {
  const { url: databaseUrl, cookie } = database
  const idle: number[] = []
  const rested = async () => {
    const server = await startServer('tenantry', { databaseUrl, folder })
    await server.firstAnswer('/login')
    await wait(idleMilliseconds)
    idle.push(await server.residentMegabytes())
    return server
  }
  for (let start = 1; start < starts; start++) await (await rested()).stop()
  const server = await rested()
  try {
    const after = (path: string) => residentAfter(server, path, cookie)
    return { afterList: await after('/api/tenants'), afterPages: await after('/'), idle: sampleOf(idle) }
  } finally {
    await server.stop()
  }
}

async function residentAfter(server: Server, path: string, cookie: string): Promise<number> {
  await load({ url: server.url + path, cookie, seconds: loadSeconds })
  return server.residentMegabytes()
}

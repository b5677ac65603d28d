import type { Engines } from './databases.ts'
import type { SeededDatabase } from './seed.ts'
import { startServer } from './servers.ts'
import { sampleOf, type Sample } from './statistics.ts'

const rounds = 9

export interface ColdStartResult {
  /** Milliseconds from spawning the process to its first answer from the database. */
  readonly tenantry: Sample
  readonly bare: Sample
  readonly ratio: Sample
}

/** Starts both servers on a migrated database, in turns; the files are in the system's cache after a first start. */
export async function measureColdStart(database: SeededDatabase, engines: Engines): Promise<ColdStartResult> {
  const start = {
    tenantry: () => timeStart('tenantry', '/api/tenants', database, engines),
    bare: () => timeStart('bare', '/tenants', database, engines),
  }
  await start.bare()
  await start.tenantry()
  const measured = { tenantry: [] as number[], bare: [] as number[], ratio: [] as number[] }
  for (let round = 0; round < rounds; round++) {
    const bare = await start.bare()
    const tenantry = await start.tenantry()
    measured.bare.push(bare)
    measured.tenantry.push(tenantry)
    measured.ratio.push(tenantry / bare)
  }
  return {
    tenantry: sampleOf(measured.tenantry),
    bare: sampleOf(measured.bare),
    ratio: sampleOf(measured.ratio),
  }
}

async function timeStart(
  kind: 'tenantry' | 'bare',
  path: string,
  { url: databaseUrl, cookie, memberId }: SeededDatabase,
  { folder }: Engines,
): Promise<number> {
  const server = await startServer(kind, { databaseUrl, folder, env: { BARE_USER_ID: memberId } })
  try {
    await server.firstAnswer(path, { cookie })
    return performance.now() - server.spawnedAt
  } finally {
    await server.stop()
  }
}

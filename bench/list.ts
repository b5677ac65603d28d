import type { Engines } from './databases.ts'
import { load } from './load.ts'
import type { SeededDatabase } from './seed.ts'
import { startServer } from './servers.ts'
import { sampleOf, type Sample } from './statistics.ts'

const rounds = 5
const roundSeconds = 3
const path = '/api/tenants'

export interface ListResult {
  /** Requests in a second. */
  readonly tenantry: Sample
  readonly bare: Sample
  /** Of the two rounds that ran one after the other. */
  readonly ratio: Sample
}

/** Loads the authorized list and the bare route with the same query, in turns. */
export async function measureList(database: SeededDatabase, { folder }: Engines): Promise<ListResult> {
  const { url: databaseUrl, cookie, memberId } = database
  const servers = {
    tenantry: await startServer('tenantry', { databaseUrl, folder }),
    bare: await startServer('bare', { databaseUrl, folder, env: { BARE_USER_ID: memberId } }),
  }
  try {
    const targets = {
      tenantry: { url: servers.tenantry.url + path, cookie },
      bare: { url: `${servers.bare.url}/tenants` },
    }
    await servers.tenantry.firstAnswer('/health')
    await servers.bare.firstAnswer('/tenants')
    expectRows((await servers.tenantry.get(path, { cookie })).text)
    expectRows((await servers.bare.get('/tenants')).text)
    for (const target of Object.values(targets)) await load({ ...target, seconds: roundSeconds })

    const measured = { tenantry: [] as number[], bare: [] as number[], ratio: [] as number[] }
    for (let round = 0; round < rounds; round++) {
      const bare = await load({ ...targets.bare, seconds: roundSeconds })
      const tenantry = await load({ ...targets.tenantry, seconds: roundSeconds })
      measured.bare.push(bare.perSecond)
      measured.tenantry.push(tenantry.perSecond)
      measured.ratio.push(tenantry.perSecond / bare.perSecond)
    }
    return {
      tenantry: sampleOf(measured.tenantry),
      bare: sampleOf(measured.bare),
      ratio: sampleOf(measured.ratio),
    }
  } finally {
    await Promise.all(Object.values(servers).map((server) => server.stop()))
  }
}

/** @throws Error where the list does not have its 20 rows */
export function expectRows(text: string): void {
  const { items } = JSON.parse(text) as { items: unknown[] }
  if (items.length !== 20) throw new Error(`The list has ${items.length} rows, and should have 20.`)
}

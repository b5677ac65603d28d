import { Client } from './client.ts'
import type { Engines } from './databases.ts'
import { emailOf, startIssuer } from './issuer.ts'
import { expectRows, type ListResult } from './list.ts'
import { load } from './load.ts'
import type { SeededDatabase } from './seed.ts'
import { startServer } from './servers.ts'
import { sampleOf } from './statistics.ts'

const rounds = 5
const roundSeconds = 3
const path = '/api/tenants'

/** Loads the list with an access token, and the bare route that verifies it by jose, in turns. */
export async function measureBearer(database: SeededDatabase, { folder }: Engines): Promise<ListResult> {
  const issuer = await startIssuer()
  const tenantry = await startServer('tenantry', { databaseUrl: database.url, folder, env: issuer.env })
  try {
    await tenantry.firstAnswer('/health')
    const subject = 'bearer'
    const userId = await issuer.introduce(tenantry, subject)
    const operator = new Client(tenantry, database.operatorCookie)
    for (let tenant = 1; tenant <= 20; tenant++) {
      const member = { email: emailOf(subject), role: 'member' }
      await operator.send('POST', `/api/tenants/tenant-${tenant}/members`, member)
    }
    const env = { BARE_USER_ID: userId, BARE_ISSUER: issuer.issuer }
    const bare = await startServer('bare', { databaseUrl: database.url, folder, env })
    try {
      const token = await issuer.tokenOf(subject)
      const headers = { authorization: `Bearer ${token}` }
      await bare.firstAnswer('/verified', headers)
      expectRows((await bare.get('/verified', headers)).text)
      expectRows((await tenantry.get(path, headers)).text)
      if ((await bare.get('/verified')).status !== 401) throw new Error('The bare route verifies nothing.')
      const targets = {
        tenantry: { url: tenantry.url + path, token, seconds: roundSeconds },
        bare: { url: `${bare.url}/verified`, token, seconds: roundSeconds },
      }
      for (const target of Object.values(targets)) await load(target)

      const measured = { tenantry: [] as number[], bare: [] as number[], ratio: [] as number[] }
      for (let round = 0; round < rounds; round++) {
        const { perSecond: its } = await load(targets.bare)
        const { perSecond: ours } = await load(targets.tenantry)
        measured.bare.push(its)
        measured.tenantry.push(ours)
        measured.ratio.push(ours / its)
      }
      return {
        tenantry: sampleOf(measured.tenantry),
        bare: sampleOf(measured.bare),
        ratio: sampleOf(measured.ratio),
      }
    } finally {
      await bare.stop()
    }
  } finally {
    await tenantry.stop()
    await issuer.stop()
  }
}

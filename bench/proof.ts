import { execFile } from 'node:child_process'
import { createPublicKey } from 'node:crypto'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { TestMachine } from '../tests/harness/machine.ts'
import { startRedis } from '../tests/harness/redis.ts'
import type { Engine, Engines } from './databases.ts'
import type { ListResult } from './list.ts'
import type { ProofLoad } from './proof-load.ts'
import { setUp } from './seed.ts'
import { startServer, type Server } from './servers.ts'
import { sampleOf } from './statistics.ts'

const rounds = 5
const roundSeconds = 3
const path = '/api/me'
const barePath = '/proven'
const loader = join(import.meta.dirname, 'proof-load.ts')

/** Loads what a machine is told of itself, and the bare route that verifies a signature and sets a key, in turns. */
export async function measureProof(engine: Engine, { folder }: Engines): Promise<ListResult> {
  const redis = await startRedis()
  const databaseUrl = await engine.create('proof')
  const servers: Server[] = []
  const start = async (kind: 'tenantry' | 'bare', env: Record<string, string>) => {
    const server = await startServer(kind, { databaseUrl, folder, env })
    servers.push(server)
    return server
  }
  try {
    const tenantry = await start('tenantry', { REDIS_URL: redis.url })
    const machine = await claimMachine(tenantry)
    const { x = '' } = createPublicKey(machine.privateKey).export({ format: 'jwk' })
    const bare = await start('bare', { BARE_REDIS_URL: redis.url, BARE_KEY: x })
    await bare.firstAnswer(barePath, {
      authorization: `PoP ${machine.prove({ method: 'GET', path: barePath })}`,
    })
    const loads = {
      tenantry: () => loadWithProofs(tenantry, path, machine),
      bare: () => loadWithProofs(bare, barePath, machine),
    }
    await loads.tenantry()
    await loads.bare()

    const measured = { tenantry: [] as number[], bare: [] as number[], ratio: [] as number[] }
    for (let round = 0; round < rounds; round++) {
      const its = await loads.bare()
      const ours = await loads.tenantry()
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
    await Promise.all(servers.map((server) => server.stop()))
    await redis.stop()
  }
}

/** A machine of a tenant, registered and claimed as any is. */
async function claimMachine(server: Server): Promise<TestMachine> {
  const operator = await setUp(server)
  await operator.send('POST', '/api/tenants', { slug: 'signed', name: 'Signed' })
  const machine = new TestMachine('bench', server.url)
  const { handle, did } = machine
  const registered = await machine.call(server.url, 'POST', '/api/identities', { handle, did })
  const token = String(registered.json?.claimUrl).split('/').at(-1)
  await operator.send('POST', `/api/claims/${token}/accept`, { tenant: 'signed' })
  const answer = await machine.call(server.url, 'GET', path)
  if (answer.status !== 200) throw new Error(`The machine was answered ${answer.status}: ${answer.text}`)
  return machine
}

/** @returns requests answered in a second, each with a proof of its own */
async function loadWithProofs({ url }: Server, at: string, machine: TestMachine): Promise<number> {
  const { handle, audience } = machine
  const privateKey = machine.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  const asked: ProofLoad = { url, path: at, handle, audience, privateKey, seconds: roundSeconds }
  const { stdout } = await promisify(execFile)(process.execPath, [loader, JSON.stringify(asked)])
  return Number(stdout)
}

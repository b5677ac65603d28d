import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { startRedis } from '../tests/harness/redis.ts'
import type { Engine, Engines } from './databases.ts'
import type { VaultLoad, VaultLoadResult } from './vault-load.ts'

const program = join(import.meta.dirname, 'vault-load.ts')
const typescript = join(import.meta.dirname, '../scripts/typescript.mjs')

/** Loads the vault and the store beneath it in turns, in a process of their own: on SQLite beside the disk, on PostgreSQL beside Redis. */
export async function measureVault(engine: Engine, { folder }: Engines): Promise<VaultLoadResult> {
  const redis = engine.name === 'PostgreSQL' ? await startRedis() : undefined
  try {
    const load: VaultLoad = {
      databaseUrl: await engine.create('vault'),
      folder,
      ...(redis && { redisUrl: redis.url }),
    }
    const args = ['--import', typescript, program, JSON.stringify(load)]
    const { stdout } = await promisify(execFile)(process.execPath, args)
    return JSON.parse(stdout) as VaultLoadResult
  } finally {
    await redis?.stop()
  }
}

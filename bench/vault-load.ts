import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { systemClock } from '#server/lib/clock'
import { newId } from '#server/lib/ids'
import { createLog } from '#server/lib/log'
import { openDatabase, type Database } from '#server/storage/database'
import { migrate } from '#server/storage/migrate'
import { loadMigrations } from '#server/storage/migrations'
import { createLocalSignals } from '#server/storage/signals-local'
import type { VaultBackend } from '#server/vault/backends/backend.port'
import { openDatabaseBackend } from '#server/vault/backends/database.store'
import { openDiskBackend } from '#server/vault/backends/disk'
import { openRedisBackend } from '#server/vault/backends/redis'
import { openVaultKeys } from '#server/vault/keys/vault-keys'
import { rotate } from '#server/vault/rotation'
import { createVault } from '#server/vault/vault'

/** What the process that measures vaults is told, as JSON in its one argument. */
export interface VaultLoad {
  databaseUrl: string
  folder: string
  /** Undefined: Redis is not measured. */
  redisUrl?: string
}

/** Operations a second in each round, and seconds. */
export interface VaultLoadResult {
  backends: {
    name: string
    put: { vault: number[]; raw: number[] }
    get: { vault: number[]; raw: number[] }
    /** To walk 5,000 secrets, page by page. */
    walkSeconds: number
  }[]
  /** To wrap the keys of 1,000 vaults anew. */
  rotationSeconds: number
}

const [rounds, perRound, listed, vaults] = [7, 200, 5_000, 1_000]
const value = randomBytes(512).toString('hex')
const { databaseUrl, folder, redisUrl } = JSON.parse(process.argv[2] ?? '') as VaultLoad
const log = createLog('silent')
const signals = createLocalSignals(log)
const clock = systemClock
const secretOf = () => ({ kind: 'random', bytes: randomBytes(32) }) as const
const [secret, nextSecret] = [secretOf(), secretOf()]

async function perSecond(work: (index: number) => Promise<unknown>): Promise<number> {
  const began = performance.now()
  for (let index = 0; index < perRound; index += 1) await work(index)
  return perRound / ((performance.now() - began) / 1000)
}

/** The same store by hand: its own operations, and AES-256-GCM, without additional data, notes or checks. */
function byHand(backend: VaultBackend, vaultId: string) {
  const key = randomBytes(32)
  const entryOf = (index: number) => ({ vaultId, service: 'raw', name: `name-${index}` })
  return {
    async put(index: number) {
      const entry = entryOf(index)
      const version = (await backend.newest(entry)) + 1
      const nonce = randomBytes(12)
      const cipher = createCipheriv('aes-256-gcm', key, nonce)
      const sealed = Buffer.concat([nonce, cipher.update(value), cipher.final(), cipher.getAuthTag()])
      await backend.append(entry, { version, writtenAt: Date.now(), sealed: sealed.toString('base64url') })
    },
    async get(index: number) {
      const stored = await backend.read(entryOf(index))
      const bytes = Buffer.from(stored?.sealed ?? '', 'base64url')
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12))
      decipher.setAuthTag(bytes.subarray(-16))
      return Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]).toString()
    },
  }
}

async function measureBackend(name: string, database: Database, backend: VaultBackend) {
  const keys = await openVaultKeys({ database, signals, clock, log, secret })
  const vault = createVault({ backend, keys, clock })
  const of = { tenantId: newId(), id: newId() }
  const placeOf = (index: number) => ({
    ...{ tenantId: of.tenantId, vaultId: of.id, service: 'bench', name: `name-${index}` },
  })
  const raw = byHand(backend, newId())
  const put = { vault: [] as number[], raw: [] as number[] }
  const get = { vault: [] as number[], raw: [] as number[] }
  for (let round = -1; round < rounds; round += 1) {
    const its = [await perSecond((index) => raw.put(index)), await perSecond((index) => raw.get(index))]
    const ours = [
      await perSecond((index) => vault.put(placeOf(index), value)),
      await perSecond((index) => vault.get(placeOf(index))),
    ]
    // The first one warms up.
    if (round < 0) continue
    put.raw.push(its[0] ?? 0)
    get.raw.push(its[1] ?? 0)
    put.vault.push(ours[0] ?? 0)
    get.vault.push(ours[1] ?? 0)
  }
  for (let index = perRound; index < listed; index += 100)
    await Promise.all(
      Array.from({ length: 100 }, (_, more) => vault.put(placeOf(index + more), 'a short one')),
    )
  const began = performance.now()
  let [seen, after]: [number, string | undefined] = [0, undefined]
  for (;;) {
    const page = await vault.list(of, { after, limit: 200 })
    seen += page.length
    const last = page.at(-1)
    if (!last) break
    after = `${last.service}/${last.name}`
  }
  if (seen !== listed) throw new Error(`The walk saw ${seen} of ${listed}`)
  return { name, put, get, walkSeconds: (performance.now() - began) / 1000 }
}

async function measureRotation(database: Database): Promise<number> {
  const keys = await openVaultKeys({ database, signals, clock, log, secret })
  for (let made = 0; made < vaults; made += 50)
    await Promise.all(Array.from({ length: 50 }, () => keys.make(newId())))
  const began = performance.now()
  await rotate({ database, signals, clock }, { from: secret, to: nextSecret, graceSeconds: 0 })
  return (performance.now() - began) / 1000
}

const database = await openDatabase({ url: databaseUrl, poolMax: 10, log })
await migrate(database, { url: databaseUrl, migrations: await loadMigrations(database.provider), log })
const backends: VaultLoadResult['backends'] = []
const measure = async (name: string, backend: VaultBackend) => {
  backends.push(await measureBackend(name, database, backend))
  await backend.close()
}
await measure('the database', openDatabaseBackend(database))
if (redisUrl) await measure('Redis', openRedisBackend({ url: redisUrl, log }))
else await measure('the disk', await openDiskBackend(join(folder, 'vault')))
const rotationSeconds = await measureRotation(database)
await database.close()
console.log(JSON.stringify({ backends, rotationSeconds } satisfies VaultLoadResult))

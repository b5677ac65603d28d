import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import type { Database, Provider } from '#server/storage/database'
import type { Entry, VaultBackend } from '#server/vault/backends/backend.port'
import { openDatabaseBackend } from '#server/vault/backends/database.store'
import { openDiskBackend } from '#server/vault/backends/disk'
import { openRedisBackend } from '#server/vault/backends/redis'
import { startRedis } from './redis'
import { silent } from './vault'

/** A backend, and what only whoever holds the store itself can do. */
export interface BackendUnderTest {
  /** Opens the same store, as a process with that database does. */
  open(database: Database): Promise<VaultBackend>
  /** Everything that is stored, as bytes. */
  dump(): Promise<Buffer>
  /** What is stored of a version. */
  readRaw(entry: Entry, version: number): Promise<string>
  /** Puts something else in its place. */
  plant(entry: Entry, version: number, stored: string): Promise<void>
  remove(): Promise<void>
}

/** Every backend, and on which database the keys lie: for the one in the database both. */
export const backendsUnderTest: {
  name: string
  provider: Provider
  make(database: () => Database): Promise<BackendUnderTest>
}[] = [
  { name: 'disk', provider: 'sqlite', make: makeDisk },
  { name: 'redis', provider: 'postgresql', make: makeRedis },
  { name: 'database: sqlite', provider: 'sqlite', make: makeOfDatabase },
  { name: 'database: postgresql', provider: 'postgresql', make: makeOfDatabase },
]

async function makeDisk(): Promise<BackendUnderTest> {
  // In memory where that can be: a suite writes so much that a slow disk's syncs would take minutes.
  const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'tenantry-vault-'))
  const fileOf = ({ vaultId, service, name }: Entry, version: number) =>
    join(folder, vaultId, service, name, String(version))
  return {
    open: () => openDiskBackend(folder),
    dump: async () =>
      Buffer.concat(
        readdirSync(folder, { recursive: true, encoding: 'utf8' })
          .map((name) => join(folder, name))
          .flatMap((path) => (statSync(path).isFile() ? [Buffer.from(path), readFileSync(path)] : [])),
      ),
    readRaw: async (entry, version) => readFileSync(fileOf(entry, version), 'utf8').replace(/^\d+\n/, ''),
    plant: async (entry, version, stored) => {
      const file = fileOf(entry, version)
      const [time] = readFileSync(file, 'utf8').split('\n')
      writeFileSync(file, `${time}\n${stored}`)
    },
    remove: async () => rmSync(folder, { recursive: true, force: true }),
  }
}

async function makeRedis(): Promise<BackendUnderTest> {
  const server = await startRedis()
  const redis = new Redis(server.url)
  const keyOf = ({ vaultId, service, name }: Entry) => `tenantry:vault:${vaultId}:${service}:${name}`
  return {
    open: async () => openRedisBackend({ url: server.url, log: silent }),
    dump: async () => {
      const contents: string[] = []
      for (const key of await redis.keys('*')) {
        const isSet = (await redis.type(key)) === 'zset'
        const content = isSet ? await redis.zrange(key, 0, -1) : await redis.hgetall(key)
        contents.push(key, JSON.stringify(content))
      }
      return Buffer.from(contents.join('\n'))
    },
    readRaw: async (entry, version) =>
      ((await redis.hget(keyOf(entry), String(version))) ?? '').replace(/^\d+ /, ''),
    plant: async (entry, version, stored) => {
      const [time] = ((await redis.hget(keyOf(entry), String(version))) ?? '').split(' ')
      await redis.hset(keyOf(entry), String(version), `${time} ${stored}`)
    },
    remove: async () => {
      redis.disconnect()
      await server.stop()
    },
  }
}

async function makeOfDatabase(given: () => Database): Promise<BackendUnderTest> {
  const one = ({ vaultId, service, name }: Entry, version: number) => ({
    vaultId_service_name_version: { vaultId, service, name, version },
  })
  return {
    open: async (database) => openDatabaseBackend(database),
    dump: async () => {
      const rows = await given().client.vaultBlob.findMany()
      const keys = await given().client.wrappedKey.findMany()
      const masters = await given().client.masterKey.findMany()
      const text = JSON.stringify([rows, keys, masters], (_, value: unknown) =>
        typeof value === 'bigint' ? Number(value) : value,
      )
      return Buffer.from(text)
    },
    readRaw: async (entry, version) =>
      (await given().client.vaultBlob.findUniqueOrThrow({ where: one(entry, version) })).sealed,
    plant: async (entry, version, sealed) => {
      await given().client.vaultBlob.update({ where: one(entry, version), data: { sealed } })
    },
    remove: () => Promise.resolve(),
  }
}

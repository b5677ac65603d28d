import { watch, type FSWatcher } from 'node:fs'
import { mkdtemp, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { startIdentityProvider, type IdentityProvider } from '../harness/identity-provider'
import { startPostgresql, type PostgresqlServer } from '../harness/postgresql'
import { startRedis, type RedisServer } from '../harness/redis'
import { freePort, startServer, type BuiltServer, type ServerOptions } from '../harness/server'
import { ask, signIn, whoIs } from './oidc-scene'
import { masterKey, query } from './scene'

/** Every folder that a server could take for its own: where it runs, its data, its temporary files, its home. */
interface WatchedFolders {
  readonly env: Record<string, string>
  readonly workingDirectory: string
  /** What stands in them now. */
  contents(): Promise<string[]>
  /** What came, changed or went in them until now, however short it was there. */
  happenings(): Promise<string[]>
  remove(): Promise<void>
}

const sentinel = 'seen-by-the-watch'

async function watchFolders(): Promise<WatchedFolders> {
  const root = await mkdtemp(join(tmpdir(), 'tenantry-no-disk-'))
  const folders = ['work', 'data', 'tmp', 'home'] as const
  const paths: string[] = []
  const seen: string[] = []
  const watches: FSWatcher[] = []
  for (const name of folders) {
    const path = await mkdtemp(join(root, `${name}-`))
    paths.push(path)
    watches.push(watch(path, { recursive: true }, (_, file) => seen.push(`${name}/${file}`)))
  }
  const [workingDirectory = '', data = '', tmp = '', home = ''] = paths
  return {
    workingDirectory,
    env: { DATA_DIR: data, TMPDIR: tmp, HOME: home, XDG_CACHE_HOME: home },
    contents: async () => (await Promise.all(paths.map((path) => readdir(path)))).flat(),
    async happenings() {
      // What is told of a folder is told in order: when this one is heard of, everything before it was.
      for (const path of paths) await writeFile(join(path, sentinel), '')
      await vi.waitFor(() => {
        for (const name of folders) expect(seen).toContain(`${name}/${sentinel}`)
      })
      for (const path of paths) await rm(join(path, sentinel))
      return [...new Set(seen)].filter((file) => !file.endsWith(`/${sentinel}`))
    },
    async remove() {
      for (const one of watches) one.close()
      await rm(root, { recursive: true, force: true })
    },
  }
}

/** Bytes that a process had written to any disk (proc(5), `write_bytes`). Sockets and pipes are none. */
async function bytesWritten({ pid }: BuiltServer): Promise<number> {
  return Number(/^write_bytes: (\d+)$/m.exec(await readFile(`/proc/${pid}/io`, 'utf8'))?.[1])
}

/** Files that a process holds open for writing. */
async function openForWriting({ pid }: BuiltServer): Promise<string[]> {
  const found: string[] = []
  for (const fd of await readdir(`/proc/${pid}/fd`)) {
    const target = await readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')
    const info = await readFile(`/proc/${pid}/fdinfo/${fd}`, 'utf8').catch(() => '')
    const accessMode = parseInt(/^flags:\s*(\d+)$/m.exec(info)?.[1] ?? '0', 8) & 3
    if (target.startsWith('/') && !target.startsWith('/dev/') && accessMode !== 0) found.push(target)
  }
  return found
}

describe('the disk', () => {
  let folders: WatchedFolders
  let server: BuiltServer | undefined
  afterEach(async () => {
    await server?.stop()
    server = undefined
    await folders?.remove()
  })
  async function serve(env: ServerOptions['env'], port?: number): Promise<BuiltServer> {
    folders = await watchFolders()
    const { workingDirectory: dataDir } = folders
    return startServer({ dataDir, ...(port !== undefined && { port }), env: { ...folders.env, ...env } })
  }

  it('is written to by a server with SQLite, and that is noticed in each way', async () => {
    server = await serve({})
    expect(await folders.contents()).toContain('tenantry.db')
    expect(await folders.happenings()).toContain('data/tenantry.db')
    expect(await bytesWritten(server)).toBeGreaterThan(0)
    expect((await openForWriting(server)).join()).toContain('tenantry.db')
  })

  describe('in oidc-only mode, on PostgreSQL and Redis', () => {
    let idp: IdentityProvider
    let postgresql: PostgresqlServer
    let redis: RedisServer
    let port: number
    beforeAll(async () => {
      port = await freePort()
      idp = await startIdentityProvider({ portals: [`http://127.0.0.1:${port}`] })
      postgresql = await startPostgresql()
      redis = await startRedis()
    }, 60_000)
    afterAll(async () => {
      await redis?.stop()
      await postgresql?.stop()
      await idp?.stop()
    })

    /** Everything that a pod lives through, from boot on an empty database to a logout from the provider. */
    async function live(databaseUrl: string): Promise<BuiltServer> {
      const stores = { DATABASE_URL: databaseUrl, REDIS_URL: redis.url, MASTER_KEY: masterKey }
      const started = await serve({ AUTH_MODE: 'oidc-only', ...stores, ...idp.environment }, port)
      server = started
      const { url } = started
      expect((await fetch(`${url}/ready`)).status).toBe(200)

      const olga = await signIn(url, 'olga')
      expect([olga.status, await whoIs(olga, url)]).toEqual([200, 'olga@example.org'])
      const asJson = { method: 'POST', headers: { 'content-type': 'application/json' } }
      const tenant = { ...asJson, body: JSON.stringify({ slug: 'acme', name: 'Acme' }) }
      expect((await ask(olga, url, '/api/tenants', tenant)).status).toBe(201)
      const ada = await signIn(url, 'ada')
      expect((await ask(ada, url, '/api/tenants')).json.items).toHaveLength(1)
      expect((await ask(ada, url, '/api/tenants/acme/provisioning')).status).toBe(200)
      expect((await ask(ada, url, '/api/users')).status).toBe(403)
      expect((await ask(olga, url, '/api/audit')).json.items.length).toBeGreaterThan(2)

      await ada.open(`${idp.issuer}/session/end`)
      await ada.submit({ logout: 'yes' })
      await vi.waitFor(async () => expect(await whoIs(ada, url)).toBeUndefined(), 5000)
      expect(await whoIs(olga, url)).toBe('olga@example.org')
      return started
    }

    it('is never written to: not at boot, by the first login, by calls, by a logout from the provider, or at the end', async () => {
      // The first to read a file after the build has the file system note that it was read.
      await query(postgresql.url, 'CREATE DATABASE rehearsal')
      await (await live(postgresql.url.replace(/postgres$/, 'rehearsal'))).stop()
      await folders.remove()

      const pod = await live(postgresql.url)
      expect(await folders.contents()).toEqual([])
      expect(await folders.happenings()).toEqual([])
      expect(await openForWriting(pod)).toEqual([])
      expect(await bytesWritten(pod)).toBe(0)
      expect(await pod.stop()).toBe(0)
      server = undefined
      expect(await folders.contents()).toEqual([])
      expect(await folders.happenings()).toEqual([])
    })
  })
})

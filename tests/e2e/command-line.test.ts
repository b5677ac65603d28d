import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { HttpClient } from '../harness/http'
import { startPostgresql, type PostgresqlServer } from '../harness/postgresql'
import { startServer, type BuiltServer } from '../harness/server'

const bundle = fileURLToPath(new URL('../../.output/server/cli/tenantry.mjs', import.meta.url))
const password = 'correct horse battery staple'
const email = 'olga@example.org'

/** The command line of the build, as a process; `onErrors` is told of what it writes to stderr. */
async function tenantry(
  argv: string[],
  {
    env = {},
    input = '',
    onErrors,
  }: { env?: Record<string, string>; input?: string; onErrors?: (text: string) => void } = {},
) {
  const child = spawn(process.execPath, [bundle, ...argv], { env: { PATH: process.env.PATH, ...env } })
  const out: Buffer[] = []
  let errors = ''
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString()
    onErrors?.(errors)
  })
  child.stdin.end(input)
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  const text = Buffer.concat(out).toString()
  return { code, text, errors, json: () => JSON.parse(text) }
}

describe.each(['sqlite', 'postgresql'] as const)('the command line of the build, on %s', (provider) => {
  let postgresql: PostgresqlServer | undefined
  let server: BuiltServer
  let operator: HttpClient
  let serverEnv: Record<string, string>
  const folders: string[] = []
  beforeAll(async () => {
    if (provider === 'postgresql') postgresql = await startPostgresql()
    const masterKey = Buffer.alloc(32, 7).toString('base64')
    const shared: Record<string, string> = postgresql
      ? { DATABASE_URL: postgresql.url, MASTER_KEY: masterKey, VAULT_BACKEND: 'database' }
      : {}
    server = await startServer({ env: shared })
    serverEnv = { ...shared, DATA_DIR: server.dataDir, PUBLIC_URL: server.url }
    operator = new HttpClient(server.url, server.url)
    const made = await operator.post('/api/setup', { name: 'Olga', email, password })
    expect(made.status).toBe(201)
    expect((await operator.post('/api/tenants', { slug: 'acme', name: 'Acme' })).status).toBe(201)
  })
  afterAll(async () => {
    await server.stop()
    await postgresql?.stop()
  })
  afterEach(() => folders.splice(0).forEach((folder) => rmSync(folder, { recursive: true, force: true })))

  const config = () => {
    const folder = mkdtempSync(join(tmpdir(), 'tenantry-cli-'))
    folders.push(folder)
    return { XDG_CONFIG_HOME: folder }
  }

  it('brings a machine from nothing to a secret', async () => {
    const env = config()
    let accepting: Promise<unknown> | undefined
    const init = await tenantry(['identity', 'init', '--server', server.url, '--handle', 'e2e-1', '--json'], {
      env,
      onErrors(text) {
        const token = /\/claims\/(\S+)/.exec(text)?.[1]
        if (token)
          accepting ??= operator.post(`/api/claims/${token}/accept`, { tenant: 'acme', role: 'admin' })
      },
    })
    expect(init).toMatchObject({ code: 0 })
    expect(init.json()).toMatchObject({ identity: { handle: 'e2e-1' }, tenant: { slug: 'acme' } })
    const value = '\uFEFFzwei\r\nZeilen ü 🗝 \u0000\n'
    expect((await tenantry(['vault', 'put', 'smtp/password'], { env, input: value })).code).toBe(0)
    expect((await tenantry(['vault', 'get', 'smtp/password'], { env })).text).toBe(value)
    expect((await tenantry(['vault', 'list', '--json'], { env })).json()).toMatchObject({
      items: [{ service: 'smtp', name: 'password', version: 1 }],
    })
    expect((await tenantry(['identity', 'rotate', '--json'], { env })).code).toBe(0)
    expect((await tenantry(['identity', 'revoke', '--yes'], { env })).code).toBe(0)
    expect((await tenantry(['whoami', '--json'], { env })).code).toBe(3)
  })

  it('lets in an operator who is locked out', async () => {
    const reset = ['user', 'reset-password', email, '--generate', '--json']
    const done = await tenantry(reset, { env: serverEnv })
    expect(done).toMatchObject({ code: 0 })
    expect((await operator.get('/api/auth/session')).status).toBe(401)
    const again = await operator.post('/api/auth/login', { email, password: done.json().password })
    expect(again.status).toBe(200)
  })

  it('changes the master key while the server serves', async () => {
    const [vault] = (await operator.get('/api/tenants/acme/vaults')).json.items
    const entry = `/api/vaults/${vault.id}/entries/smtp/rotated`
    expect((await operator.send('PUT', entry, { body: { value: 'kept' } })).status).toBe(204)
    const statuses: number[] = []
    let over = false
    const asking = (async () => {
      while (!over) statuses.push((await operator.get(`${entry}?reason=rotation`)).status)
    })()
    const file = join(server.dataDir, 'next.key')
    const own = provider === 'sqlite' ? [] : ['--new-key-file', file, '--generate']
    const done = await tenantry(['vault', 'rotate', ...own, '--grace', '1', '--json'], { env: serverEnv })
    over = true
    await asking
    expect(done).toMatchObject({ code: 0 })
    expect(new Set(statuses)).toEqual(new Set([200]))
    const after = provider === 'sqlite' ? {} : { MASTER_KEY_FILE: file, MASTER_KEY: undefined }
    await server.restart(after)
    expect((await operator.get(`${entry}?reason=restarted`)).json).toMatchObject({ value: 'kept' })
    const { MASTER_KEY: _, ...rest } = serverEnv
    const env = provider === 'sqlite' ? serverEnv : { ...rest, MASTER_KEY_FILE: file }
    const check = await tenantry(['vault', 'check', '--json'], { env })
    expect(check.json()).toMatchObject({ found: 0 })
    expect((await tenantry(['audit', 'verify', '--json'], { env })).json()).toMatchObject({ found: 0 })
  })
})

it('migrates an empty database, and helps', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'tenantry-cli-'))
  const migrated = await tenantry(['migrate', '--json'], { env: { DATA_DIR: dataDir } })
  rmSync(dataDir, { recursive: true, force: true })
  expect(migrated.json().applied.length).toBeGreaterThan(0)
  expect((await tenantry(['--help'])).text).toContain('EXIT CODES')
})

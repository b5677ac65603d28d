import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { BuiltServer } from '../harness/server'
import { eventually, masterKey, openStage, query, type Stage } from './scene'

let stage: Stage
let folder: string

beforeAll(async () => {
  stage = await openStage()
  folder = mkdtempSync(join(tmpdir(), 'tenantry-boot-'))
})
afterAll(async () => {
  await stage.close()
  rmSync(folder, { recursive: true, force: true })
})

const secret = 'hunter2-of-the-tests'

/** Starts a server that must not start. @returns what it says to a person */
async function refusal(env: Record<string, string | undefined>): Promise<string> {
  const server: BuiltServer = await stage.serve(env, { waitFor: 'nothing' })
  expect(await server.ended).toBe(1)
  const words = server.linesOf('stderr').join('\n')
  expect(words).toMatch(/^Tenantry does not start: /)
  expect(words.match(/Tenantry does not start/g)).toHaveLength(1)
  // Neither a stack nor what only Tenantry's authors understand.
  expect(words).not.toMatch(/^\s+at |node:|prisma|\.mjs|undefined|\[object/im)
  expect(server.logs().join('\n')).not.toContain(secret)
  for (const line of server.linesOf('stdout')) expect(() => JSON.parse(line) as unknown).not.toThrow()
  return words
}

it('names everything that is malformed in one message, with its remedy', async () => {
  const words = await refusal({
    AUTH_MODE: 'both',
    DATABASE_URL: `mysql://root:${secret}@database/tenantry`,
    MASTER_KEY: secret,
  })
  const lines = words.split('\n')
  expect(lines).toHaveLength(4)
  expect(lines[1]).toMatch(/AUTH_MODE: .*standalone or oidc-only/)
  expect(lines[2]).toMatch(/DATABASE_URL: .*postgresql:\/\/USER:PASSWORD@HOST:PORT\/NAME/)
  expect(lines[3]).toMatch(/MASTER_KEY: .*openssl rand -base64 32/)
})

it.each([
  ['AUTH_MODE', { AUTH_MODE: 'oidc' }, /standalone or oidc-only/],
  ['DATABASE_URL', { DATABASE_URL: `postgresql:/root:${secret}` }, /postgresql:\/\/USER:PASSWORD@/],
  ['MASTER_KEY', { MASTER_KEY: `${secret}=` }, /openssl rand -base64 32/],
  ['MASTER_KEY', { MASTER_KEY: undefined, DATABASE_URL: `postgresql://u:${secret}@db/t` }, /openssl rand/],
  ['OIDC_ISSUER', { AUTH_MODE: 'oidc-only' }, /OIDC_CLIENT_ID, OIDC_CLIENT_SECRET: must be set/],
  ['PORT', { PORT: '70000' }, /at most 65535/],
])('names %s where it is malformed', async (name, env, remedy) => {
  const words = await refusal(env)
  expect(words).toContain(name)
  expect(words).toMatch(remedy)
})

it.each([
  ['for its key', { MASTER_KEY: undefined }],
  ['for its database', { MASTER_KEY: masterKey }],
])("names DATA_DIR where it can't be written to, %s", async (_what, env) => {
  const file = join(folder, 'a-file')
  writeFileSync(file, '')
  // Below a file: not even root makes a folder there.
  const words = await refusal({ ...env, DATA_DIR: join(file, 'data') })
  expect(words).toMatch(/DATA_DIR/)
  expect(words).toMatch(/ENOTDIR/)
  expect(words).toMatch(/writable|write to/)
})

it('names DATABASE_URL where PostgreSQL does not answer, and why', async () => {
  const { hostname, port, username, password } = new URL(stage.postgresql.url)
  const place = `${hostname}:${port}`
  const nobody = await refusal({ DATABASE_URL: `postgresql://tenantry:${secret}@127.0.0.1:1/tenantry` })
  expect(nobody).toMatch(
    /DATABASE_URL: PostgreSQL at 127\.0\.0\.1:1 .*does not answer\. Start it, or correct host/,
  )
  const noHost = await refusal({ DATABASE_URL: `postgresql://tenantry:${secret}@nowhere.invalid/tenantry` })
  expect(noHost).toMatch(/DATABASE_URL: PostgreSQL at nowhere\.invalid:5432 .*correct host and port/)
  const wrongPassword = await refusal({
    DATABASE_URL: `postgresql://${username}:${secret}@${place}/postgres`,
  })
  expect(wrongPassword).toMatch(/DATABASE_URL: .*refuses the user or the password\. Correct them/)
  const noDatabase = await refusal({ DATABASE_URL: `postgresql://${username}:${password}@${place}/absent` })
  expect(noDatabase).toMatch(/DATABASE_URL: .*no such database\. Create it/)
  expect(noDatabase).not.toContain(password)
})

it('names HOST and PORT where another program listens there', async () => {
  const { port } = await stage.serve({})
  const words = await refusal({ PORT: String(port) })
  expect(words).toContain(`127.0.0.1:${port} can't be listened on (EADDRINUSE)`)
  expect(words).toMatch(/Set HOST and PORT/)
})

it('leaves a database alone that a newer version has migrated', async () => {
  const url = await stage.makeDatabase()
  const server = await stage.serve({ DATABASE_URL: url })
  expect(await server.stop()).toBe(0)
  await query(
    url,
    `INSERT INTO _prisma_migrations (id, checksum, finished_at, migration_name, started_at, applied_steps_count)
     VALUES ('x', 'x', now(), '99990101000000_of_the_future', now(), 1)`,
  )
  const words = await refusal({ DATABASE_URL: url })
  expect(words).toMatch(/newer version of Tenantry \(99990101000000_of_the_future\)\. Start that version/)
})

it('can be stopped while it waits for its turn to migrate, with nothing done', async () => {
  const url = await stage.makeDatabase()
  const held = await stage.serve({ DATABASE_URL: url })
  expect(await held.stop()).toBe(0)
  await query(url, 'DROP SCHEMA public CASCADE; CREATE SCHEMA public')
  const turn = query(url, `SELECT pg_advisory_lock(hashtext('tenantry migrations')), pg_sleep(60)`).catch(
    () => [],
  )
  const activity = `FROM pg_stat_activity WHERE datname = current_database() AND query LIKE`
  await eventually(async () =>
    expect(await query(url, `SELECT 1 ${activity} '%pg_sleep(60)' AND wait_event = 'PgSleep'`)).toHaveLength(
      1,
    ),
  )
  const server = await stage.serve({ DATABASE_URL: url }, { waitFor: 'nothing' })
  await eventually(async () =>
    expect(
      await query(url, `SELECT 1 ${activity} '%advisory_xact_lock%' AND wait_event = 'advisory'`),
    ).toHaveLength(1),
  )
  const asked = performance.now()
  expect(await server.stop()).toBe(0)
  expect(performance.now() - asked).toBeLessThan(2_000)
  await query(url, `SELECT pg_terminate_backend(pid) ${activity} '%pg_sleep(60)' AND pid <> pg_backend_pid()`)
  await turn
  expect(await query(url, `SELECT 1 FROM pg_tables WHERE schemaname = 'public'`)).toEqual([])
})

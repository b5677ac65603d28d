import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { dumpFolder, dumpPostgresql, dumpRedis } from '../harness/dumps'
import { TestMachine } from '../harness/machine'
import { startServer } from '../harness/server'
import { createCommandMachine, type CommandMachine } from '../harness/tenantry-command'
import { createTenant, openPortal, openReplicatedPortal, setUp, type Visit } from './portal'

const newKey = () => randomBytes(32).toString('base64')

/** A portal, what its commands are run with beside it, and all that it keeps outside of its memory. */
interface Place {
  url: string
  visit: (options?: object) => Promise<Visit>
  /** By which the operator's commands find the same portal. */
  environment: Record<string, string>
  dump(): Promise<string>
  close(): Promise<void>
}

async function onReplicas(masterKey: string, backend: 'database' | 'redis'): Promise<Place> {
  const env = { MASTER_KEY: masterKey, VAULT_BACKEND: backend }
  const { server, visit, close } = await openReplicatedPortal({ env })
  const { url, databaseUrl, redis } = server
  const redisUrl = redis?.url ?? ''
  return {
    ...{ url, visit, close },
    environment: { DATABASE_URL: databaseUrl, REDIS_URL: redisUrl, ...env },
    dump: async () => (await dumpPostgresql(databaseUrl)) + (await dumpRedis(redisUrl)),
  }
}

async function onSqlite(masterKey: string): Promise<Place> {
  const env = { MASTER_KEY: masterKey }
  const { server, visit, close } = await openPortal({ env })
  const { url, dataDir } = server
  return {
    ...{ url, visit, close },
    environment: { DATA_DIR: dataDir, ...env },
    dump: () => Promise.resolve(dumpFolder(dataDir)),
  }
}

// What somebody does with a machine from its first day to its last: at a terminal, with the command line as it is built,
// and in a browser. On replicas every call goes to another one than the call before.
describe.each([
  {
    place: 'two replicas in turn, the vault in PostgreSQL',
    open: (key: string) => onReplicas(key, 'database'),
  },
  { place: 'two replicas in turn, the vault in Redis', open: (key: string) => onReplicas(key, 'redis') },
  { place: 'one process on SQLite, the vault on its disk', open: onSqlite },
])('the life of a machine, $place', ({ open }) => {
  const [firstKey, secondKey] = [newKey(), newKey()]
  const secret = `the secret ${randomBytes(12).toString('hex')}`
  const keys = mkdtempSync(join(tmpdir(), 'tenantry-keys-'))
  let portal: Place
  let owner: Visit
  let machine: CommandMachine

  beforeAll(async () => {
    portal = await open(firstKey)
    owner = await setUp(portal)
    await createTenant(owner, 'Harbour Logistics', 'harbour')
    machine = createCommandMachine()
  })
  afterAll(async () => {
    machine?.remove()
    rmSync(keys, { recursive: true, force: true })
    await portal?.close()
  })

  const whoami = () => machine.run(['whoami', '--json'])

  test('it makes a key, is let in by a person in a browser, and knows who it is', async () => {
    const init = machine.begin(['identity', 'init', '--server', portal.url, '--handle', 'robot'])
    const claimUrl = await init.said(/http:\/\/\S+\/claims\/\S+/)
    await owner.open(new URL(claimUrl).pathname)
    await owner.page.getByRole('heading', { name: 'A machine asks to be let in' }).waitFor()
    await owner.page.getByLabel('Write and delete values').check()
    await owner.page.getByRole('button', { name: 'Let it in' }).click()
    await owner.page.getByRole('heading', { name: 'robot is let in' }).waitFor()
    expect(await init.ended).toMatchObject({ code: 0 })
    const { code, stdout } = await whoami()
    expect([code, JSON.parse(stdout)]).toMatchObject([
      0,
      { identity: { handle: 'robot' }, tenant: { slug: 'harbour' }, vaults: [{ handle: 'default' }] },
    ])
    // Again: the same identity, and nobody is asked.
    const again = await machine.run(['identity', 'init', '--server', portal.url, '--handle', 'robot'])
    expect(again.code).toBe(0)
    expect(again.stdout + again.stderr).not.toContain('/claims/')
  })

  test('it writes a secret and reads it back, byte for byte; another command line reads nothing', async () => {
    const put = await machine.run(['vault', 'put', 'smtp/password'], { input: secret })
    expect(put).toMatchObject({ code: 0 })
    expect(put.stdout + put.stderr).not.toContain(secret)
    expect(await machine.run(['vault', 'get', 'smtp/password'])).toEqual({
      code: 0,
      stdout: secret,
      stderr: '',
    })
    const { stdout } = await machine.run(['vault', 'list', '--json'])
    expect(stdout).toContain('password')
    expect(stdout).not.toContain(secret)
    expect((await machine.run(['vault', 'get', 'smtp/none'])).code).toBe(4)
    const stranger = createCommandMachine()
    expect((await stranger.run(['vault', 'get', 'smtp/password'])).code).toBe(3)
    stranger.remove()
  })

  test('a proof that was used at one replica is refused by the next', async () => {
    const signer = new TestMachine('signer', portal.url)
    const { handle, did } = signer
    const { json } = await signer.call(portal.url, 'POST', '/api/identities', { handle, did })
    await owner.call('POST', `/api/claims/${json.claimUrl.split('/').at(-1)}/accept`, { tenant: 'harbour' })
    const request = { method: 'GET', path: '/api/me' }
    const proof = signer.prove(request)
    expect((await signer.send(portal.url, request, proof)).status).toBe(200)
    for (const _ of [1, 2]) {
      const { status, json: problem } = await signer.send(portal.url, request, proof)
      expect([status, problem.code]).toEqual([401, 'pop.replayed'])
    }
  })

  test('the master key is rotated while the portal serves, and the one before it opens nothing', async () => {
    const file = join(keys, 'next.key')
    writeFileSync(file, `${secondKey}\n`, { mode: 0o600 })
    let isDone = false
    const reading = (async () => {
      const seen: string[] = []
      while (!isDone) seen.push((await machine.run(['vault', 'get', 'smtp/password'])).stdout)
      return seen
    })()
    const rotated = await machine.run(['vault', 'rotate', '--new-key-file', file, '--grace', '20'], {
      env: portal.environment,
    })
    isDone = true
    expect(rotated).toMatchObject({ code: 0 })
    expect(new Set(await reading)).toEqual(new Set([secret]))

    const former = await startServer({ env: portal.environment, waitFor: 'nothing' })
    expect(await former.ended).toBe(1)
    expect(former.logs().join('\n')).toMatch(/master key/i)
    await former.stop()
    const environment = { ...portal.environment, MASTER_KEY: secondKey }
    const check = await machine.run(['vault', 'check', '--json'], { env: environment })
    expect([check.code, JSON.parse(check.stdout)]).toMatchObject([0, { broken: [] }])
  })

  test('neither a secret nor a master key is in what the portal keeps', async () => {
    const dump = await portal.dump()
    expect(dump).toContain('harbour')
    for (const key of [firstKey, secondKey]) {
      const bytes = Buffer.from(key, 'base64')
      for (const text of [key, bytes.toString('hex'), bytes.toString('base64url'), bytes.toString('latin1')])
        expect(dump.includes(text)).toBe(false)
    }
    for (const text of [secret, Buffer.from(secret).toString('base64'), Buffer.from(secret).toString('hex')])
      expect(dump.includes(text)).toBe(false)
  })

  test('it is revoked in the browser, and its next call fails on every replica', async () => {
    await owner.open('/tenants/harbour/machines')
    await owner.page.getByRole('link', { name: 'robot' }).click()
    await owner.page.getByRole('button', { name: 'Revoke…' }).click()
    const question = owner.page.getByRole('alertdialog')
    await question.getByLabel('Type “robot” to confirm').fill('robot')
    await question.getByRole('button', { name: 'Revoke machine' }).click()
    await owner.page.getByText('Identity revoked', { exact: true }).waitFor()
    for (const _ of [1, 2]) expect((await whoami()).code).toBe(3)
    expect(await machine.run(['vault', 'get', 'smtp/password'])).toMatchObject({ code: 3, stdout: '' })
    expect(owner.complaints).toEqual([])
  })
})

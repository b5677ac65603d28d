import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startSecretService, type SecretService } from '../harness/secret-service'
import { startServer, type BuiltServer, type ServerOptions } from '../harness/server'
import { createCommandMachine, type CommandMachine } from '../harness/tenantry-command'
import { setUp, visitorOf, email, password } from './scene'

let service: SecretService
let machine: CommandMachine
let dataDir: string
let ownFile: string
let generated: string
const servers: BuiltServer[] = []

beforeAll(async () => {
  service = await startSecretService()
  machine = createCommandMachine()
  dataDir = mkdtempSync(join(tmpdir(), 'tenantry-keyring-'))
  ownFile = join(dataDir, 'master.key')
})
afterAll(async () => {
  for (const server of servers) await server.stop()
  await service.stop()
  machine.remove()
  rmSync(dataDir, { recursive: true, force: true })
})

async function serve(env: Record<string, string> = {}, options: ServerOptions = {}): Promise<BuiltServer> {
  const server = await startServer({ ...options, dataDir, env: { ...service.env, ...env } })
  servers.push(server)
  return server
}

const keyring = (...args: string[]) =>
  machine.run(['vault', 'keyring', ...args], { env: { ...service.env, DATA_DIR: dataDir } })

/** What a server says that does not start. */
async function refusal(env: Record<string, string> = {}): Promise<string> {
  const server = await serve(env, { waitFor: 'nothing' })
  expect(await server.ended).toBe(1)
  expect(server.linesOf('stdout')).toEqual([])
  return server.linesOf('stderr').join('\n')
}

const signIn = (server: BuiltServer) => visitorOf(server).post('/api/auth/login', { email, password })

it('is done without where there is none: the key is generated', async () => {
  const server = await serve()
  await setUp(server)
  expect(await server.stop()).toBe(0)
  generated = readFileSync(ownFile, 'utf8').trim()
  const { code, stdout } = await keyring('show', '--json')
  expect({ code, ...JSON.parse(stdout) }).toMatchObject({ code: 0, keyring: false, present: false })
})

it('gives the key that the command line has moved into it', async () => {
  await service.unlock()
  const moved = await keyring('put', '--move', '--json')
  expect({ code: moved.code, ...JSON.parse(moved.stdout) }).toMatchObject({ code: 0, entry: dataDir })
  expect(moved.stdout + moved.stderr).not.toContain(generated)
  expect(existsSync(ownFile)).toBe(false)
  expect(await service.entry(dataDir).read()).toEqual({ state: 'found', text: generated })

  const server = await serve()
  expect((await signIn(server)).status).toBe(200)
  expect(await server.stop()).toBe(0)
  expect(existsSync(ownFile)).toBe(false)
  expect(server.logs().join('\n')).not.toContain(generated)
})

it('stops the start where nobody has unlocked it, with one message, and no key is generated', async () => {
  await service.lock()
  const words = await refusal()
  expect(words).toMatch(/^Tenantry does not start: The keyring of the operating system.*Unlock it; or.*\.$/)
  expect(words.split('\n')).toHaveLength(1)
  expect(existsSync(ownFile)).toBe(false)
  expect(await keyring('show', '--json')).toMatchObject({
    code: 5,
    stderr: expect.stringContaining('keyring.failed'),
  })
})

it('can be given up while it waits for somebody to unlock it', async () => {
  const silent = createServer().listen(join(dataDir, 'bus'))
  const called = once(silent, 'connection') as Promise<[Socket]>
  const address = `unix:path=${join(dataDir, 'bus')}`
  const server = await serve({ DBUS_SESSION_BUS_ADDRESS: address }, { waitFor: 'nothing' })
  const [caller] = await called
  const gone = once(caller.resume(), 'close')
  const asked = performance.now()
  expect(await server.stop()).toBe(0)
  await gone
  expect(performance.now() - asked).toBeLessThan(2_000)
  silent.close()
})

it('is not asked where the environment has a key', async () => {
  const server = await serve({ MASTER_KEY: generated })
  expect((await signIn(server)).status).toBe(200)
  expect(await server.stop()).toBe(0)
})

it('does not count where the next replica would not have it', async () => {
  await service.unlock()
  const words = await refusal({ REDIS_URL: 'redis://127.0.0.1:1' })
  expect(words).toMatch(/MASTER_KEY: must be set where Redis is configured, .*keyring/)
})

it('stops the start where it has another key, and the message says that it came from there', async () => {
  const other = await keyring('put', '--generate')
  expect(other).toMatchObject({ code: 1, stderr: expect.stringContaining('keyring.entry_exists') })
  expect((await keyring('put', '--generate', '--replace')).code).toBe(0)
  const words = await refusal()
  expect(words).toMatch(/^Tenantry does not start: MASTER_KEY: this is not the master key/)
  expect(words).toContain(`It was taken from the entry “${dataDir}” of the operating system's keyring.`)
  expect(words.split('\n')).toHaveLength(1)
})

it('stops the start where what it has is no key, and shows nothing of it', async () => {
  const entry = service.entry(dataDir)
  await entry.write('hunter2-of-the-tests')
  const words = await refusal()
  expect(words).toMatch(/^Tenantry does not start: MASTER_KEY: the entry .* must be 32 bytes in base64/)
  expect(words).not.toContain('hunter2')
  await entry.write(generated)
  expect((await signIn(await serve())).status).toBe(200)
})

it('is told to forget it by the command line, and an entry that was named has to be there', async () => {
  expect((await keyring('remove', '--yes')).code).toBe(0)
  expect(await service.entry(dataDir).read()).toEqual({ state: 'no entry' })
  expect((await keyring('remove', '--yes')).code).toBe(4)
  const words = await refusal({ MASTER_KEYRING_ENTRY: 'portal' })
  expect(words).toMatch(/^Tenantry does not start: MASTER_KEYRING_ENTRY: .*no such entry/)
  expect(existsSync(ownFile)).toBe(false)
})

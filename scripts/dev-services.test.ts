import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, it, onTestFinished, vi } from 'vitest'

// Each test starts processes, which take seconds where the machine is busy.
vi.setConfig({ testTimeout: 60_000 })

const script = fileURLToPath(new URL('dev-services.ts', import.meta.url))

function start(...options: string[]) {
  const child = spawn(process.execPath, [script, ...options], { stdio: ['ignore', 'pipe', 'pipe'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  let errors = ''
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()))
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, errors }))
  return { child, ended, line: async () => String((await lines.next()).value) }
}

const names = [
  'AUTHENTIK_API_URL',
  'AUTHENTIK_API_TOKEN',
  'STALWART_API_URL',
  'STALWART_API_TOKEN',
  'OCIS_API_URL',
  'OCIS_CLIENT_ID',
  'OCIS_CLIENT_SECRET',
  'OCIS_TOKEN_URL',
  'SMTP_URL',
  'MAIL_FROM',
  'DNS_RESOLVER',
]

it.each(['SIGINT', 'SIGTERM'] as const)(
  'prints an environment that works, and ends on %s',
  async (signal) => {
    const { child, line, ended } = start('--delay-ms', '1', '--token', 'a-token')
    const environment: Record<string, string> = {}
    for (const name of names) environment[name] = (await line()).replace(`${name}='`, '').replace(/'$/, '')
    expect(environment).toMatchObject({ AUTHENTIK_API_TOKEN: 'a-token', STALWART_API_TOKEN: 'a-token' })
    const headers = { authorization: 'Bearer a-token' }
    const groups = await fetch(`${environment.AUTHENTIK_API_URL}/api/v3/core/groups/`, { headers })
    expect(groups.status).toBe(200)
    for (const name of ['AUTHENTIK_API_URL', 'STALWART_API_URL', 'OCIS_API_URL']) {
      const state = await (await fetch(`${environment[name]}/-/state`)).json()
      expect(state).toMatchObject({ faults: [{ kind: 'delay', ms: 1, times: 'always' }] })
    }
    child.kill(signal)
    const { code, errors } = await ended
    expect(code).toBe(0)
    expect(errors).toMatch(/^The fault lab: http:\/\/127\.0\.0\.1:\d+\/\n$/)
  },
)

it('prints one line of JSON, with a new token at each start', async () => {
  const read = async () => JSON.parse(await start('--json').line()) as Record<string, string>
  const [one, other] = await Promise.all([read(), read()])
  expect(Object.keys(one)).toEqual(names)
  expect(one).toMatchObject({
    AUTHENTIK_API_URL: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
    AUTHENTIK_API_TOKEN: expect.stringMatching(/^[\w-]{43}$/),
  })
  expect(one.AUTHENTIK_API_TOKEN).not.toBe(other.AUTHENTIK_API_TOKEN)
})

it('says why it does not start', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const taken = await start('--port', String((server.address() as AddressInfo).port)).ended
  expect(taken).toEqual({ code: 1, errors: "dev-services: the port can't be listened on (EADDRINUSE)\n" })
  for (const options of [
    ['--port', '70000'],
    ['--delay-ms', '-1'],
    ['--token', 'a b'],
    ['--stalwart', '0.14'],
    ['--files', 'nextcloud'],
    ['--prot', '1'],
    ['extra'],
  ]) {
    const refused = await start(...options).ended
    expect(refused.code).toBe(2)
    expect(refused.errors).toMatch(/^dev-services: .+\n/)
  }
})

it('explains itself', async () => {
  const { line, ended } = start('--help')
  expect(await line()).toContain('strict fakes of Authentik, Stalwart')
  expect(await ended).toMatchObject({ code: 0, errors: '' })
})

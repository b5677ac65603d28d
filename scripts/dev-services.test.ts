import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, it, onTestFinished, vi } from 'vitest'
import { startAuthentikFake } from '../server/integrations/authentik/fake'

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

it.each(['SIGINT', 'SIGTERM'] as const)(
  'prints an environment that works, and ends on %s',
  async (signal) => {
    const { child, line, ended } = start('--delay-ms', '1', '--token', 'a-token')
    const url = (await line()).replace(/^AUTHENTIK_API_URL=/, '')
    expect(await line()).toBe('AUTHENTIK_API_TOKEN=a-token')
    const headers = { authorization: 'Bearer a-token' }
    expect((await fetch(`${url}/api/v3/core/groups/`, { headers })).status).toBe(200)
    const state = await (await fetch(`${url}/-/state`)).json()
    expect(state).toMatchObject({ faults: [{ kind: 'delay', ms: 1, times: 'always' }] })
    child.kill(signal)
    expect(await ended).toEqual({ code: 0, errors: '' })
  },
)

it('prints one line of JSON, with a new token at each start', async () => {
  const read = async () => JSON.parse(await start('--json').line()) as Record<string, string>
  const [one, other] = await Promise.all([read(), read()])
  expect(one).toEqual({
    AUTHENTIK_API_URL: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
    AUTHENTIK_API_TOKEN: expect.stringMatching(/^[\w-]{43}$/),
  })
  expect(one.AUTHENTIK_API_TOKEN).not.toBe(other.AUTHENTIK_API_TOKEN)
})

it('says why it does not start', async () => {
  const fake = await startAuthentikFake()
  onTestFinished(() => fake.stop())
  const taken = await start('--port', new URL(fake.url).port).ended
  expect(taken).toEqual({ code: 1, errors: "dev-services: the port can't be listened on (EADDRINUSE)\n" })
  for (const options of [
    ['--port', '70000'],
    ['--delay-ms', '-1'],
    ['--token', 'a b'],
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
  expect(await line()).toContain('a strict fake of Authentik')
  expect(await ended).toMatchObject({ code: 0, errors: '' })
})

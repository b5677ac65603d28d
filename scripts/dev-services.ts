import { parseArgs } from 'node:util'

const help = `Starts what Tenantry provisions into, for development: a strict fake of Authentik on 127.0.0.1.

Usage: npm run dev:services -- [options]

  --port N       port to listen on (default: a free one)
  --delay-ms N   how long each call takes, in milliseconds (default: 0)
  --token TEXT   the API token to ask for (default: a random one)
  --json         print the environment as one line of JSON
  --help         print this

Prints the environment to start Tenantry with, and runs until SIGINT or SIGTERM. Groups are kept in memory.
Faults are added while it runs, such as a slow service, a full one, or a connection cut after the change:

  curl -X POST ADDRESS/-/faults -H 'content-type: application/json' -d '{"kind":"drop","when":"after"}'
  curl ADDRESS/-/state
`

class UsageError extends Error {}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        port: { type: 'string', default: '0' },
        'delay-ms': { type: 'string', default: '0' },
        token: { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    })
    if (values.token !== undefined && !/^[\w.-]+$/.test(values.token)) {
      throw new UsageError('--token takes letters, digits, dots, dashes and underscores')
    }
    return {
      port: wholeNumber('--port', values.port, 65_535),
      delayMs: wholeNumber('--delay-ms', values['delay-ms'], 600_000),
      token: values.token,
      json: values.json,
      help: values.help,
    }
  } catch (error) {
    throw error instanceof TypeError ? new UsageError(error.message) : error
  }
}

function wholeNumber(option: string, text: string, largest: number): number {
  if (!/^\d+$/.test(text) || Number(text) > largest) {
    throw new UsageError(`${option} takes a whole number from 0 to ${largest}, not ${text}`)
  }
  return Number(text)
}

async function main(): Promise<void> {
  const options = readOptions()
  if (options.help) {
    process.stdout.write(help)
    return
  }
  // Loaded only now: its schema library takes longer than a word of help should.
  const { startAuthentikFake } = await import('../server/integrations/authentik/fake.ts')
  const { port, delayMs, token } = options
  const fake = await startAuthentikFake({ port, ...(token ? { token } : {}) })
  if (delayMs > 0) fake.faults.add({ kind: 'delay', ms: delayMs, times: 'always' })

  const environment = { AUTHENTIK_API_URL: fake.url, AUTHENTIK_API_TOKEN: fake.token }
  const lines = Object.entries(environment).map(([name, value]) => `${name}=${value}`)
  process.stdout.write(`${options.json ? JSON.stringify(environment) : lines.join('\n')}\n`)

  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void fake.stop())
}

main().catch((error: unknown) => {
  const { code, message } = error as NodeJS.ErrnoException
  const isTaken = code === 'EADDRINUSE' || code === 'EACCES'
  process.stderr.write(`dev-services: ${isTaken ? `the port can't be listened on (${code})` : message}\n`)
  process.exitCode = error instanceof UsageError ? 2 : 1
})

import { parseArgs } from 'node:util'

const help = `Starts what Tenantry provisions into, for development, on 127.0.0.1: strict fakes of Authentik, Stalwart and
OCIS or OpenCloud with its token endpoint, a mail server that keeps what it gets, a name server that publishes what
Stalwart says of its domains, and a page where faults are turned.

Usage: npm run dev:services -- [options]

  --port N           port of the page; the services take the ones after it (default: free ones)
  --stalwart NAME    which Stalwart: jmap (0.16 and later) or rest (0.15) (default: jmap)
  --files NAME       ocis or opencloud (default: ocis)
  --delay-ms N       how long each call takes, in milliseconds (default: 0)
  --token TEXT       the API token that Authentik and Stalwart ask for (default: random ones)
  --json             print the environment as one line of JSON
  --help             print this

Prints the environment to start Tenantry with, and then the page's address, to stderr. Runs until SIGINT or SIGTERM.
What the services hold is kept in memory. A program turns faults at each service's own address:

  curl -X POST ADDRESS/-/faults -H 'content-type: application/json' -d '{"kind":"drop","when":"after"}'
  curl ADDRESS/-/state
`

/** The services come after it. */
const largestPort = 65_530

class UsageError extends Error {}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        port: { type: 'string', default: '0' },
        'delay-ms': { type: 'string', default: '0' },
        token: { type: 'string' },
        stalwart: { type: 'string', default: 'jmap' },
        files: { type: 'string', default: 'ocis' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    })
    if (values.token !== undefined && !/^[\w.-]+$/.test(values.token)) {
      throw new UsageError('--token takes letters, digits, dots, dashes and underscores')
    }
    return {
      port: wholeNumber('--port', values.port, largestPort),
      delayMs: wholeNumber('--delay-ms', values['delay-ms'], 600_000),
      token: values.token,
      stalwart: oneOf('--stalwart', values.stalwart, ['jmap', 'rest'] as const),
      files: oneOf('--files', values.files, ['ocis', 'opencloud'] as const),
      json: values.json,
      help: values.help,
    }
  } catch (error) {
    throw error instanceof TypeError ? new UsageError(error.message) : error
  }
}

function oneOf<const Name extends string>(option: string, text: string, names: readonly Name[]): Name {
  const name = names.find((it) => it === text)
  if (!name) throw new UsageError(`${option} takes ${names.join(' or ')}, not ${text}`)
  return name
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
  // Loaded only now: their schema library takes longer than a word of help should.
  const { startServices } = await import('./lab/services.ts')
  const { startLabPage } = await import('./lab/server.ts')
  const { port, ...rest } = options
  const lab = await startServices({ ...rest, port: port === 0 ? 0 : port + 1 })
  const page = await startLabPage(lab.services, port).catch(async (error: unknown) => {
    await lab.stop()
    throw error
  })

  // In quotes, since a shell would take some of their characters for its own.
  const lines = Object.entries(lab.environment).map(([name, value]) => `${name}='${value}'`)
  process.stdout.write(`${options.json ? JSON.stringify(lab.environment) : lines.join('\n')}\n`)
  process.stderr.write(`The fault lab: ${page.url}/\n`)

  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void Promise.all([page.stop(), lab.stop()]))
}

main().catch((error: unknown) => {
  const { code, message } = error as NodeJS.ErrnoException
  const isTaken = code === 'EADDRINUSE' || code === 'EACCES'
  process.stderr.write(`dev-services: ${isTaken ? `the port can't be listened on (${code})` : message}\n`)
  process.exitCode = error instanceof UsageError ? 2 : 1
})

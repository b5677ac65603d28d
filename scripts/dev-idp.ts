import { parseArgs } from 'node:util'

const help = `Starts an OpenID provider with three people, for development, on 127.0.0.1:
Ada (groups acme and analytical-engine), Olga (an operator) and Max (no group).

Usage: npm run dev:idp -- [options]

  --port N        port to listen on (default: 9400)
  --portal URL    origin of the portal that it signs people in for (default: http://localhost:3000)
  --json          print the environment as one line of JSON
  --help          print this

Prints the environment to start Tenantry with, and runs until SIGINT or SIGTERM. Whoever clicks a name is let in as
that person: never put it where others reach it. What it knows is kept in memory.
`

class UsageError extends Error {}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        port: { type: 'string', default: '9400' },
        portal: { type: 'string', default: 'http://localhost:3000' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    })
    if (!/^\d+$/.test(values.port) || Number(values.port) > 65_535)
      throw new UsageError(`--port takes a whole number from 0 to 65535, not ${values.port}`)
    if (!URL.canParse(values.portal) || !/^https?:$/.test(new URL(values.portal).protocol))
      throw new UsageError(`--portal takes an origin such as http://localhost:3000, not ${values.portal}`)
    return { ...values, port: Number(values.port), portal: new URL(values.portal).origin }
  } catch (error) {
    throw error instanceof TypeError ? new UsageError(error.message) : error
  }
}

async function main(): Promise<void> {
  const options = readOptions()
  if (options.help) {
    process.stdout.write(help)
    return
  }
  const { startIdentityProvider } = await import('../tests/harness/identity-provider.ts')
  const provider = await startIdentityProvider({ port: options.port, portals: [options.portal] })
  const environment = { PUBLIC_URL: options.portal, ...provider.environment }
  // In quotes, since the secret has characters in it that a shell would take for its own.
  const lines = Object.entries(environment).map(([name, value]) => `${name}='${value}'`)
  process.stdout.write(`${options.json ? JSON.stringify(environment) : lines.join('\n')}\n`)

  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void provider.stop())
}

main().catch((error: unknown) => {
  const { code, message } = error as NodeJS.ErrnoException
  const isTaken = code === 'EADDRINUSE' || code === 'EACCES'
  process.stderr.write(`dev-idp: ${isTaken ? `the port can't be listened on (${code})` : message}\n`)
  process.exitCode = error instanceof UsageError ? 2 : 1
})

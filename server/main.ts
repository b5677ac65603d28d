import '#nitro-internal-pollyfills'
import { Server, type RequestListener } from 'node:http'
import { format } from 'node:util'
import { toNodeListener } from 'h3'
import { useNitroApp } from 'nitropack/runtime'

/** The process has to be gone within 10 s of SIGTERM: requests and steps get most of it. */
const drainMilliseconds = 8_000

/**
 * What a client may take of us before its request is understood: 16 KiB of request line and headers in 10 seconds, the
 * whole request in 30. Who is slower is cut off within 2 more.
 */
const limits = {
  maxHeaderSize: 16_384,
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  connectionsCheckingInterval: 2_000,
  // Longer than a proxy keeps an idle connection, mostly 60 s: it must never send into one that we are closing.
  keepAliveTimeout: 65_000,
}

/** More at once are closed unanswered. Each open page with an event stream is one. */
const mostConnections = 8_192
const mostHeaders = 100

/**
 * Entry of the built server, in place of Nitro's own: it listens once the database is migrated, logs JSON alone, and
 * drains requests, streams and steps before it exits.
 */
async function main(): Promise<void> {
  // As a container's first process it gets no signal that it does not listen for, and booting may take a while.
  // Nothing is lost by leaving: a migration is one transaction.
  let stop = (_signal: NodeJS.Signals): void => process.exit(0)
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop(signal))

  const nitroApp = useNitroApp()
  // Node's own listener writes to stderr, also while we boot; the log is JSON alone.
  process.removeAllListeners('warning')
  process.on('warning', ({ name, message }) => {
    void nitroApp.container.then(({ log }) => log.warn({ from: 'node', warning: name }, message))
  })
  const container = await nitroApp.container
  const { config, log, drain, reconciler, sweeper } = container
  const app = toNodeListener(nitroApp.h3App)
  const server = new Server(limits, config.worker === 'only' ? healthAlone(app) : app)
  server.maxConnections = mostConnections
  server.maxHeadersCount = mostHeaders
  const die = (what: string) => (error: unknown) => {
    log.error({ err: error }, what)
    process.exit(1)
  }
  const refuse = ({ code }: NodeJS.ErrnoException) => {
    const address = `${config.host}:${config.port}`
    process.stderr.write(
      `Tenantry does not start: ${address} can't be listened on (${code}). Set HOST and PORT to a free address.\n`,
    )
    process.exit(1)
  }
  server.once('error', refuse)
  // After an exception that nobody caught nothing is known of the state: who runs us starts us again.
  process.on('uncaughtException', die('an exception was not caught'))
  // Libraries speak to the console; the log is JSON alone.
  for (const level of ['debug', 'info', 'warn', 'error'] as const)
    console[level] = (...words: unknown[]) => log[level]({ from: 'console' }, format(...words))
  console.log = console.info
  process.on('unhandledRejection', (error) => log.error({ err: error }, 'a rejection was not handled'))
  server.listen({ host: config.host, port: config.port }, () => {
    server.off('error', refuse)
    const address = server.address()
    const port = typeof address === 'object' && address ? address.port : config.port
    log.info({ host: config.host, port, publicUrl: config.publicUrl, authMode: config.authMode }, 'serving')
  })

  const drainAndExit = async (signal: NodeJS.Signals) => {
    log.info({ signal }, 'stopping')
    setTimeout(() => process.exit(1), drainMilliseconds + 1_500).unref()
    drain.abort()
    const served = new Promise<void>((resolve) => server.close(() => resolve()))
    // A connection whose last answer went out meanwhile is idle, and would be kept for the next request.
    setInterval(() => server.closeIdleConnections(), 50).unref()
    setTimeout(() => server.closeAllConnections(), drainMilliseconds).unref()
    await Promise.all([served, reconciler.stop(), sweeper.stop()])
    await nitroApp.hooks.callHook('close')
    log.info('stopped')
    process.exit(0)
  }
  stop = (signal) => void drainAndExit(signal)
}

/** What a process that only works serves; not even files of the portal, which no middleware sees. */
function healthAlone(app: RequestListener): RequestListener {
  return (request, response) => {
    const [path = ''] = (request.url ?? '').split('?')
    if (path === '/health' || path === '/ready') return app(request, response)
    response.writeHead(404).end()
  }
}

await main()

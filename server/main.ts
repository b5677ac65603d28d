import '#nitro-internal-pollyfills'
import { Server } from 'node:http'
import { format } from 'node:util'
import { toNodeListener } from 'h3'
import { useNitroApp } from 'nitropack/runtime'

/** The process has to be gone within 10 s of SIGTERM: requests and steps get most of it. */
const drainMilliseconds = 8_000

/**
 * Entry of the built server, in place of Nitro's own: it listens once the database is migrated, logs JSON alone, and
 * drains requests, streams and steps before it exits.
 */
async function main(): Promise<void> {
  const nitroApp = useNitroApp()
  const container = await nitroApp.container
  const { config, log, drain, reconciler } = container
  const server = new Server({ maxHeaderSize: 16_384, requestTimeout: 30_000 }, toNodeListener(nitroApp.h3App))
  const die = (what: string) => (error: unknown) => {
    log.error({ err: error }, what)
    process.exit(1)
  }
  server.on('error', die('cannot listen'))
  // After an exception that nobody caught nothing is known of the state: who runs us starts us again.
  process.on('uncaughtException', die('an exception was not caught'))
  // Libraries speak to the console; the log is JSON alone.
  for (const level of ['debug', 'info', 'warn', 'error'] as const)
    console[level] = (...words: unknown[]) => log[level]({ from: 'console' }, format(...words))
  console.log = console.info
  process.on('unhandledRejection', (error) => log.error({ err: error }, 'a rejection was not handled'))
  server.listen({ host: config.host, port: config.port }, () => {
    const address = server.address()
    const port = typeof address === 'object' && address ? address.port : config.port
    log.info({ host: config.host, port, publicUrl: config.publicUrl, authMode: config.authMode }, 'serving')
  })

  const stop = async (signal: NodeJS.Signals) => {
    log.info({ signal }, 'stopping')
    setTimeout(() => process.exit(1), drainMilliseconds + 1_500).unref()
    drain.abort()
    const served = new Promise<void>((resolve) => server.close(() => resolve()))
    server.closeIdleConnections()
    setTimeout(() => server.closeAllConnections(), drainMilliseconds).unref()
    await Promise.all([served, reconciler.stop()])
    await nitroApp.hooks.callHook('close')
    log.info('stopped')
    process.exit(0)
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void stop(signal))
}

await main()

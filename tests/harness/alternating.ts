import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { Agent, createServer, request as ask, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pipeline } from 'node:stream'
import { startPostgresql } from './postgresql'
import { startRedis, type RedisServer } from './redis'
import { startServer, type BuiltServer, type ServerOptions } from './server'

export interface AlternatingOptions {
  /** Variables of both replicas, beside those of the harness; with the portal's URL where they need it. */
  env?: ServerOptions['env'] | ((publicUrl: string) => ServerOptions['env'])
  /** Default: an empty database on a PostgreSQL server of its own. */
  databaseUrl?: string
  /** The name by which browsers reach it; default `127.0.0.1`. */
  host?: ServerOptions['host']
  /** Whether the shared cache is a Redis of its own; default: the database. */
  withRedis?: boolean
}

/** Two replicas of the built server behind a proxy that gives them requests in turn: one portal to people. */
export interface Alternating {
  /** The proxy's own origin, and the replicas' PUBLIC_URL. */
  readonly url: string
  /** Each with its own `url`, for asking one of them past the proxy. */
  readonly replicas: readonly [BuiltServer, BuiltServer]
  readonly databaseUrl: string
  /** To be interrupted and resumed; undefined without `withRedis`. */
  readonly redis: RedisServer | undefined
  /** Takes one out of turn, then ends it: SIGTERM, or SIGKILL. The other serves alone. */
  end(which: 0 | 1, signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>
  /** Starts one again, and puts it back in turn. */
  restart(which: 0 | 1, env?: ServerOptions['env']): Promise<void>
  /** Ends everything that was started. */
  stop(): Promise<void>
}

/** Starts the lot; takes some seconds. The first request goes to the first replica, the second to the second. */
export async function startAlternating(options: AlternatingOptions = {}): Promise<Alternating> {
  const opened: (() => Promise<unknown>)[] = []
  const stop = async () => {
    for (const close of opened.splice(0).reverse()) await close()
  }
  try {
    const postgresql = options.databaseUrl === undefined ? await startPostgresql() : undefined
    if (postgresql) opened.push(postgresql.stop)
    const databaseUrl = options.databaseUrl ?? postgresql?.url ?? ''
    const redis = options.withRedis ? await startRedis() : undefined
    if (redis) opened.push(redis.stop)
    const proxy = await startProxy(options.host)
    opened.push(proxy.stop)

    const env = {
      DATABASE_URL: databaseUrl,
      REDIS_URL: redis?.url,
      MASTER_KEY: randomBytes(32).toString('base64'),
      PUBLIC_URL: proxy.url,
      TRUSTED_PROXIES: '127.0.0.1',
      ...(typeof options.env === 'function' ? options.env(proxy.url) : options.env),
    }
    const start = async () => {
      const server = await startServer({ env })
      opened.push(server.stop)
      return server
    }
    const replicas = [await start(), await start()] as const
    const inTurn = new Set(replicas)
    const tell = () => proxy.sendTo([...replicas].filter((replica) => inTurn.has(replica)))
    tell()

    return {
      url: proxy.url,
      replicas,
      databaseUrl,
      redis,
      async end(which, signal = 'SIGTERM') {
        inTurn.delete(replicas[which])
        tell()
        process.kill(replicas[which].pid, signal)
        await replicas[which].ended
      },
      async restart(which, more) {
        await replicas[which].restart(more)
        inTurn.add(replicas[which])
        tell()
      },
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

/** A reverse proxy on a loopback port: streams both ways, keeps Host, and says who asked. */
async function startProxy(host = '127.0.0.1') {
  const agent = new Agent({ keepAlive: true })
  let targets: readonly { port: number }[] = []
  let turn = 0

  function pass(incoming: IncomingMessage, response: ServerResponse): void {
    const target = targets[turn++ % targets.length]
    const refuse = () => (response.headersSent ? response.destroy() : response.writeHead(502).end())
    if (!target) return void refuse()
    const { method, url } = incoming
    const outgoing = ask({
      agent,
      host: '127.0.0.1',
      port: target.port,
      method,
      path: url,
      headers: forwardedHeaders(incoming),
    })
    outgoing.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, headersBut(answer.rawHeaders, hopByHop))
      // An event stream is there before its first event.
      response.flushHeaders()
      pipeline(answer, response, () => undefined)
    })
    outgoing.on('error', refuse)
    response.on('close', () => outgoing.destroy())
    pipeline(incoming, outgoing, () => undefined)
  }

  const server = createServer({ keepAliveTimeout: 60_000 }, pass).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://${host}:${(server.address() as AddressInfo).port}`,
    /** From now on, in turn, beginning with the first. */
    sendTo(replicas: readonly { port: number }[]) {
      targets = replicas
      turn = 0
    },
    async stop() {
      agent.destroy()
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Those that speak of one connection alone (RFC 9110 section 7.6.1). */
const hopByHop = new Set(['connection', 'keep-alive', 'proxy-connection', 'te', 'upgrade'])
const forwarded = new Set(['x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host'])

function forwardedHeaders({ rawHeaders, headers, socket }: IncomingMessage): string[] {
  const before = headers['x-forwarded-for']
  const hops = [...(before ? [before] : []), socket.remoteAddress ?? '127.0.0.1']
  return [
    ...headersBut(rawHeaders, hopByHop.union(forwarded)),
    ...['X-Forwarded-For', hops.flat().join(', ')],
    ...['X-Forwarded-Proto', 'http'],
    ...['X-Forwarded-Host', headers.host ?? ''],
  ]
}

/** Names and values in turn, as they came, repeated ones too. */
function headersBut(raw: string[], left: ReadonlySet<string>): string[] {
  return raw.flatMap((name, index) =>
    index % 2 === 0 && !left.has(name.toLowerCase()) ? [name, raw[index + 1] ?? ''] : [],
  )
}

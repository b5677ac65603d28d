import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const entry = fileURLToPath(new URL('../../.output/server/index.mjs', import.meta.url))
const startMilliseconds = 30_000

export interface ServerOptions {
  /** Variables beside those of the harness; undefined takes one away. */
  env?: Record<string, string | undefined>
  /** Default: a new one, removed by `stop` and `kill`. */
  dataDir?: string
  /** Default: a free one. */
  port?: number
  /** The name in its address. Default 127.0.0.1; passkeys want a domain. */
  host?: 'localhost' | '127.0.0.1'
  /** Default: `GET /health` has answered 200 before `startServer` resolves. */
  waitFor?: 'health' | 'nothing'
}

/** The built server, as a process of its own on a loopback port. */
export interface BuiltServer {
  readonly url: string
  readonly port: number
  readonly dataDir: string
  /** Of the process that runs now, or ran last. */
  readonly pid: number
  /** Resolves with the exit code when that process has ended, null where a signal ended it. */
  readonly ended: Promise<number | null>
  /** Lines of output until now, stdout's and stderr's as they came, over all restarts. */
  logs(): string[]
  /** The lines of one of them alone. */
  linesOf(stream: 'stdout' | 'stderr'): string[]
  /** SIGTERM; waits for its end, and removes what the harness made. */
  stop(): Promise<number | null>
  /** SIGKILL, as a power cut would; the data stays, for `restart`. */
  kill(): Promise<void>
  /** Ends it where it runs, and starts it anew on the same port and data, with these variables beside the first ones. */
  restart(env?: ServerOptions['env']): Promise<void>
}

/**
 * Starts `.output/server/index.mjs` with an environment of its own: nothing of the tests' environment but PATH reaches
 * it. It must have been built before.
 *
 * @throws Error with the server's output where it ends, or is silent for 30 s, instead of serving
 */
export async function startServer(options: ServerOptions = {}): Promise<BuiltServer> {
  if (!existsSync(entry))
    throw new Error('There is no build: run `npm run build` before the tests that need it.')
  const port = options.port ?? (await freePort())
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'tenantry-server-')))
  const url = `http://${options.host ?? '127.0.0.1'}:${port}`
  const lines: { from: 'stdout' | 'stderr'; text: string }[] = []
  const textOf = ({ text }: (typeof lines)[number]) => text
  let env = definedOnly({
    PATH: process.env.PATH,
    HOST: '127.0.0.1',
    PORT: String(port),
    PUBLIC_URL: url,
    DATA_DIR: dataDir,
    ...options.env,
  })
  let running = run()

  function run() {
    const child = spawn(process.execPath, [entry], { cwd: dataDir, env, stdio: ['ignore', 'pipe', 'pipe'] })
    for (const from of ['stdout', 'stderr'] as const)
      createInterface({ input: child[from] }).on('line', (text) => lines.push({ from, text }))
    // Not `exit`: what it said last has to be read as well.
    return { child, ended: once(child, 'close').then(([code]) => code as number | null) }
  }

  async function end(signal: NodeJS.Signals): Promise<number | null> {
    const { child, ended } = running
    if (child.exitCode === null && child.signalCode === null) child.kill(signal)
    return ended
  }

  async function tidy(): Promise<void> {
    if (!options.dataDir) await rm(dataDir, { recursive: true, force: true })
  }

  async function served(): Promise<void> {
    if (options.waitFor === 'nothing') return
    try {
      await serving(`${url}/health`, running.ended)
    } catch (error) {
      await end('SIGKILL')
      await tidy()
      throw new Error(`${(error as Error).message} It said:\n${lines.map(textOf).join('\n')}`, {
        cause: error,
      })
    }
  }

  await served()
  return {
    url,
    port,
    dataDir,
    get pid() {
      return running.child.pid ?? 0
    },
    get ended() {
      return running.ended
    },
    logs: () => lines.map(textOf),
    linesOf: (stream) => lines.filter(({ from }) => from === stream).map(textOf),
    async stop() {
      const code = await end('SIGTERM')
      await tidy()
      return code
    },
    async kill() {
      await end('SIGKILL')
    },
    async restart(more) {
      await end('SIGTERM')
      env = definedOnly({ ...env, ...more })
      running = run()
      await served()
    },
  }
}

/** A port that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** Asks until it answers 200; a refused connection is asked again at once, for there is nothing else to wait for. */
async function serving(health: string, ended: Promise<number | null>): Promise<void> {
  const deadline = AbortSignal.timeout(startMilliseconds)
  let gone = false
  void ended.then(() => (gone = true))
  while (!gone) {
    if (deadline.aborted) throw new Error(`The server did not serve within ${startMilliseconds / 1000} s.`)
    const answer = await fetch(health, { signal: deadline }).catch(() => undefined)
    if (answer?.ok) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error('The server ended instead of serving.')
}

function definedOnly(env: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
}

import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePort } from '../tests/harness/postgresql.ts'
import { serverFlags } from '../scripts/launch/flags.mjs'

const root = join(import.meta.dirname, '..')
const entries = {
  tenantry: join(root, '.output/server/index.mjs'),
  bare: join(root, 'bench/bare/.output/server/index.mjs'),
}

export interface ServerOptions {
  databaseUrl: string
  /** Where Tenantry keeps its files; also the working directory. */
  folder: string
  env?: Record<string, string>
  /** Node's own; default: those that Tenantry is started with, for both servers alike. */
  flags?: readonly string[]
}

export interface Answer {
  status: number
  text: string
}

/** A built server as a process of its own, on a loopback port. */
export interface Server {
  readonly url: string
  /** When the process was spawned, by performance.now(). */
  readonly spawnedAt: number
  get(path: string, headers?: Record<string, string>): Promise<Answer>
  /** Asks until it answers 200; where nobody listens yet, again after a millisecond. */
  firstAnswer(path: string, headers?: Record<string, string>): Promise<void>
  /** Resident memory in megabytes (MiB). */
  residentMegabytes(): Promise<number>
  /** The most that was resident so far, in megabytes (MiB). */
  peakMegabytes(): Promise<number>
  /** Sends it SIGUSR2, for what was preloaded by `flags`. */
  nudge(): void
  stop(): Promise<void>
  /** Ends it as a power cut would. */
  kill(): Promise<void>
}

const children = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL')
})

/** Starts a server, without waiting for it. Nothing of our environment but PATH reaches it. */
export async function startServer(kind: keyof typeof entries, options: ServerOptions): Promise<Server> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const spawnedAt = performance.now()
  const child = spawn(process.execPath, [...(options.flags ?? serverFlags), entries[kind]], {
    cwd: options.folder,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      PATH: process.env.PATH,
      NODE_ENV: 'production',
      HOST: '127.0.0.1',
      PORT: String(port),
      PUBLIC_URL: url,
      DATA_DIR: options.folder,
      DATABASE_URL: options.databaseUrl,
      MASTER_KEY: Buffer.alloc(32, 1).toString('base64'),
      ...options.env,
    },
  })
  children.add(child)
  const ended = once(child, 'exit').finally(() => children.delete(child))

  return {
    url,
    spawnedAt,
    get: (path, headers) => get(url + path, headers),
    async firstAnswer(path, headers) {
      for (;;) {
        if (child.exitCode !== null) throw new Error(`The ${kind} server ended with ${child.exitCode}.`)
        const answer = await get(url + path, headers).catch(refusedOnly)
        if (answer?.status === 200) return
        if (answer) throw new Error(`The ${kind} server answered ${answer.status}: ${answer.text}`)
        await new Promise((resolve) => setTimeout(resolve, 1))
      }
    },
    async residentMegabytes() {
      const { stdout } = await promisify(execFile)('ps', ['-o', 'rss=', '-p', String(child.pid)])
      return Number(stdout) / 1024
    },
    async peakMegabytes() {
      const status = await readFile(`/proc/${child.pid}/status`, 'utf8')
      return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024
    },
    nudge: () => void child.kill('SIGUSR2'),
    async stop() {
      child.kill('SIGTERM')
      await ended
    },
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
  }
}

/** On a connection of its own. */
function get(url: string, headers: Record<string, string> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent: false, headers }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => (text += chunk))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
      response.on('error', reject)
    })
    sent.on('error', reject).end()
  })
}

function refusedOnly(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ECONNREFUSED' && error.code !== 'ECONNRESET') throw error
}

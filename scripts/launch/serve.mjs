// @ts-check
// The built server in our place: started, waited for, and its exit code handed on.
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { entryOf, noteServer } from './build.mjs'
import { Problem } from './problem.mjs'
import { startInPlace } from './processes.mjs'
import { say, secondsSince } from './report.mjs'

const pollMs = 50
const answerMs = 5000
/** For how long a server that was just told to stop may still have the port. */
const portGraceMs = 3000

/**
 * Where a server with this environment is found, from this machine and by people.
 *
 * @param {NodeJS.ProcessEnv} env
 * @returns {{ host: string, port: number, local: string, public: string } | undefined} undefined where PORT is
 *   none to wait for; the server itself says what is wrong with it
 */
export function addressOf(env) {
  const port = Number(env.PORT?.trim() || 3000)
  if (!Number.isInteger(port) || port < 1 || port > 65535) return undefined
  const host = env.HOST?.trim() || '0.0.0.0'
  const reachable = { '0.0.0.0': '127.0.0.1', '::': '::1' }[host] ?? host
  const local = `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`
  const own = env.PUBLIC_URL?.trim().replace(/\/+$/, '')
  return { host: reachable, port, local, public: own || `http://localhost:${port}` }
}

/** @param {string} host @param {number} port @returns {Promise<boolean>} */
function isTaken(host, port) {
  return new Promise((resolve) => {
    const socket = connect({ host, port })
    const settle = (/** @type {boolean} */ taken) => {
      socket.destroy()
      resolve(taken)
    }
    socket.setTimeout(1000, () => settle(false))
    socket.once('connect', () => settle(true))
    socket.once('error', () => settle(false))
  })
}

/** @param {string} host @param {number} port @throws Problem where another program has it */
async function waitForPort(host, port) {
  const deadline = performance.now() + portGraceMs
  while (await isTaken(host, port)) {
    if (performance.now() > deadline)
      throw new Problem(
        `Port ${port} is taken by another program: set PORT to a free one, as in \`PORT=3001 npm start\`.`,
      )
    await wait(pollMs)
  }
}

/** @param {string} url @returns {Promise<Record<string, unknown> | undefined>} a 200's JSON */
async function ask(url) {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(answerMs) })
    return response.ok ? await response.json() : undefined
  } catch {
    return undefined
  }
}

/**
 * Serves the build until it ends.
 *
 * @param {{ root: string, node: string, env: NodeJS.ProcessEnv }} workplace `env` is handed to the server
 * @returns {Promise<number>} the server's exit code
 * @throws Problem where another program has the port
 */
export async function serve({ root, node, env }) {
  const address = addressOf(env)
  if (address) await waitForPort(address.host, address.port)
  const start = performance.now()
  // Compiled code of the last start spares the next one time.
  const cache = env.NODE_COMPILE_CACHE ?? join(root, '.cache', 'node')
  const serverEnv = { ...env, NODE_ENV: 'production', NODE_COMPILE_CACHE: cache }
  const { child, ended } = startInPlace(node, [entryOf(root)], { cwd: root, env: serverEnv })
  const forget = child.pid ? noteServer(root, child.pid) : () => {}
  let over = false
  const end = ended.finally(() => {
    over = true
    forget()
  })
  if (address) await welcome(address, start, () => over).catch(() => {})
  return end
}

/**
 * @param {{ local: string, public: string }} address
 * @param {number} start
 * @param {() => boolean} isOver
 */
async function welcome(address, start, isOver) {
  while (!(await ask(`${address.local}/health`))) {
    if (isOver()) return
    await wait(pollMs)
  }
  const setup = await ask(`${address.local}/api/setup`)
  if (isOver()) return
  say(`\n  Tenantry is up after ${secondsSince(start)}: ${address.public}`)
  if (setup?.needed === true) say(`  It has no operator yet. Set it up at: ${address.public}/setup`)
  say('  Ctrl+C stops it.\n')
}

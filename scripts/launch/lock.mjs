// @ts-check
// One at a time: two launchers in one folder don't install or build over each other.
import {
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

/**
 * @typedef {object} Holder a process that can be told from a later one with the same id
 * @property {number} pid
 * @property {string} startedAt in the kernel's clock ticks; empty where the system does not say
 */

/** @typedef {{ lend: (pid: number) => void, release: () => void }} Lock */

const pollMs = 200
/** Nobody holds the guard for longer than a few system calls: this old, its holder was killed. */
const guardMs = 10_000

/** @param {number} pid @returns {Holder} */
export function holderOf(pid) {
  return { pid, startedAt: startOf(pid) }
}

/** @param {number} pid */
function startOf(pid) {
  try {
    // proc_pid_stat(5): the 3rd field is the state, the 22nd the start; the 2nd may hold spaces and ends with the
    // last parenthesis.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' ? 'ended' : (fields[19] ?? '')
  } catch {
    return ''
  }
}

/** @param {Holder} holder */
export function isAlive({ pid, startedAt }) {
  try {
    process.kill(pid, 0)
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ESRCH') return false
  }
  return startOf(pid) === startedAt
}

/** @param {string} path @returns {{ text: string, holders: Holder[] } | undefined} undefined: nobody holds it */
function read(path) {
  try {
    const text = readFileSync(path, 'utf8')
    return { text, holders: JSON.parse(text) }
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT') return undefined
    if (error instanceof SyntaxError) return { text: '', holders: [] }
    throw error
  }
}

/** Writes the file beside and links it, so that nobody sees it half written. @param {string} path */
function tryCreate(path) {
  const draft = `${path}.${process.pid}`
  writeFileSync(draft, JSON.stringify([holderOf(process.pid)]))
  try {
    linkSync(draft, path)
    return true
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'EEXIST') return false
    throw error
  } finally {
    rmSync(draft, { force: true })
  }
}

/**
 * Removes a lock whose holders are dead. Only behind the guard: between seeing a dead holder and removing the
 * file, somebody else could have done both and hold it now.
 *
 * @param {string} path
 */
function removeDead(path) {
  const guard = `${path}.guard`
  try {
    mkdirSync(guard)
  } catch {
    const age = Date.now() - (statSync(guard, { throwIfNoEntry: false })?.mtimeMs ?? Date.now())
    if (age > guardMs) rmSync(guard, { recursive: true, force: true })
    return
  }
  try {
    const held = read(path)
    if (held && !held.holders.some(isAlive)) rmSync(path, { force: true })
  } finally {
    rmdirSync(guard)
  }
}

/**
 * Takes the lock, waiting for whoever holds it. One that died holding it is passed over.
 *
 * @param {string} path a file that need not exist
 * @param {(pid: number) => void} onWait called once, with the process that is waited for
 * @returns {Promise<Lock>} `lend` names a child that works under the lock: while it lives, the lock is held,
 *   even where we are killed
 */
export async function takeLock(path, onWait) {
  mkdirSync(dirname(path), { recursive: true })
  let told = false
  while (!tryCreate(path)) {
    const alive = read(path)?.holders.find(isAlive)
    if (!alive) {
      removeDead(path)
      await wait(1)
      continue
    }
    if (!told) onWait(alive.pid)
    told = true
    await wait(pollMs)
  }
  return {
    lend(pid) {
      const draft = `${path}.${process.pid}`
      writeFileSync(draft, JSON.stringify([process.pid, pid].map(holderOf)))
      renameSync(draft, path)
    },
    release: () => rmSync(path, { force: true }),
  }
}

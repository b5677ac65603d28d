// @ts-check
// The locked packages: whether they are there, and getting them.
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { installFingerprint } from './fingerprint.mjs'
import { systemNodes } from './node.mjs'
import { Problem } from './problem.mjs'
import { runQuietly } from './processes.mjs'

/**
 * @typedef {object} LockedPackage
 * @property {string} [version]
 * @property {string} [integrity]
 * @property {boolean} [optional]
 * @property {boolean} [devOptional]
 * @property {boolean} [extraneous]
 * @property {boolean} [link]
 */
/** @typedef {{ packages?: Record<string, LockedPackage> }} LockFile */

/** @param {string} root */
const stampOf = (root) => join(root, 'node_modules', '.tenantry-install')

/** @param {string} path */
function readIfThere(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined
}

/**
 * Whether what npm last finished installing is what is locked.
 *
 * @param {LockFile} locked package-lock.json
 * @param {LockFile} present node_modules/.package-lock.json, which npm writes when it is done
 */
export function holdsLocked(locked, present) {
  return Object.entries(locked.packages ?? {}).every(([path, wanted]) => {
    if (path === '' || wanted.link || wanted.extraneous) return true
    const found = present.packages?.[path]
    // What is for another platform is not there.
    if (!found) return Boolean(wanted.optional || wanted.devOptional)
    return found.version === wanted.version && found.integrity === wanted.integrity
  })
}

/**
 * Whether the packages need installing: the stamp that we leave after `npm ci` says no, and so does an
 * installation that somebody made by hand. One that was cut off has neither.
 *
 * @param {string} root
 */
export function packagesAreStale(root) {
  const present = readIfThere(join(root, 'node_modules', '.package-lock.json'))
  if (present === undefined) return true
  const fingerprint = installFingerprint(root)
  if (readIfThere(stampOf(root)) === fingerprint) return false
  const locked = readFileSync(join(root, 'package-lock.json'), 'utf8')
  if (!holdsLocked(JSON.parse(locked), JSON.parse(present))) return true
  writeFileSync(stampOf(root), fingerprint)
  return false
}

/**
 * How to call npm: the one that called us, on a Node that an installation does not take away.
 *
 * @param {string} root
 * @param {NodeJS.ProcessEnv} env
 * @returns {{ file: string, args: string[], shell?: boolean }}
 */
export function npmCommand(root, env) {
  const [node = process.execPath] = systemNodes(root, env)
  const own = env.npm_execpath
  if (own && /^npm-cli\.c?js$/.test(basename(own)) && existsSync(own)) return { file: node, args: [own] }
  return process.platform === 'win32' ? { file: 'npm.cmd', args: [], shell: true } : { file: 'npm', args: [] }
}

/**
 * Installs what package-lock.json names.
 *
 * @param {string} root
 * @param {NodeJS.ProcessEnv} env
 * @param {(pid: number) => void} onStart told the id of npm's process
 * @throws Problem with npm's own words where it fails
 */
export async function installPackages(root, env, onStart) {
  rmSync(stampOf(root), { force: true })
  const { file, args, shell } = npmCommand(root, env)
  // The build and the tests need what production does not.
  const wanted = ['ci', '--include=dev', '--include=optional', '--loglevel=error', '--no-progress']
  const options = { cwd: root, env: { ...env, NODE_ENV: undefined }, shell, onStart }
  const { code, output } = await runQuietly(file, [...args, ...wanted], options)
  if (code !== 0)
    throw new Problem(`The packages could not be installed: npm ended with ${code}.\n\n${output.trim()}`)
  writeFileSync(stampOf(root), installFingerprint(root))
}

// @ts-check
// The project's own Node comes by npm, as an optional dependency of this platform.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join, sep } from 'node:path'
import { Problem } from './problem.mjs'

const windows = process.platform === 'win32'

/** Whether Tenantry runs on it: what nuxt's `engines` allow from Node 24 on. @param {string} version such as v24.11.0 */
export function suits(version) {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number)
  return (major === 24 && minor >= 11) || major >= 26
}

/** PATH's folders. @param {NodeJS.ProcessEnv} env @returns {string[]} */
export function pathFolders(env) {
  const name = Object.keys(env).find((key) => key.toUpperCase() === 'PATH') ?? 'PATH'
  return (env[name] ?? '').split(delimiter).filter(Boolean)
}

/**
 * A Node that does not lie in the project's node_modules, which an installation takes away: the one that npm
 * runs on, or PATH's.
 *
 * @param {string} root
 * @param {NodeJS.ProcessEnv} env
 * @returns {string[]} absolute paths, best first
 */
export function systemNodes(root, env) {
  const inPath = pathFolders(env).map((folder) => join(folder, windows ? 'node.exe' : 'node'))
  const candidates = [env.npm_node_execpath ?? '', process.execPath, ...inPath]
  const outside = candidates.filter((path) => path && !path.startsWith(join(root, 'node_modules') + sep))
  return [...new Set(outside)].filter((path) => existsSync(path))
}

/** @param {string} file */
function versionOf(file) {
  if (file === process.execPath) return process.version
  // A binary for another C library does not start: then it has no version.
  const { stdout } = spawnSync(file, ['--version'], { encoding: 'utf8' })
  return stdout?.trim() ?? ''
}

/**
 * The Node to run Tenantry with: the project's own, else one of the system's that suits.
 *
 * @param {string} root the repository
 * @param {NodeJS.ProcessEnv} env
 * @returns {string} absolute path
 * @throws Problem where there is none
 */
export function findNode(root, env) {
  const name = `node-${process.platform}-${process.arch}`
  const own = join(root, 'node_modules', name, 'bin', 'node')
  const candidates = [...(existsSync(own) ? [own] : []), ...systemNodes(root, env)]
  const found = candidates.find((file) => suits(versionOf(file)))
  if (found) return found
  throw new Problem(
    `Tenantry runs on Node 24 (24.11 or later, or 26 and newer), and npm has none for ${process.platform} on ` +
      `${process.arch}: install it, put it first on PATH, and run this command again.`,
  )
}

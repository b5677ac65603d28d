// @ts-check
// What an installation and a build were made from, as one hash each.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** @typedef {Record<string, unknown>} PackageJson */

/** What in package.json changes what npm installs. A script's new wording does not. */
const installed = ['dependencies', 'devDependencies', 'optionalDependencies', 'overrides', 'allowScripts']

/** @param {unknown} value */
function sha256(value) {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex')
}

/** @param {string} path */
function textOf(path) {
  return statSync(path, { throwIfNoEntry: false }) ? readFileSync(path, 'utf8') : ''
}

/**
 * What `npm ci` would install here.
 *
 * @param {string} root the repository
 * @returns {string} SHA-256, hex
 */
export function installFingerprint(root) {
  /** @type {PackageJson} */
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const asked = installed.map((name) => manifest[name] ?? null)
  const files = ['package-lock.json', '.npmrc'].map((name) => textOf(join(root, name)))
  return sha256([process.platform, process.arch, asked, files])
}

/** @param {string} path relative to the repository */
function isSource(path) {
  return !/(^|\/)(\.[^/]+|node_modules|generated)$/.test(path) && !/\.(test|spec)\.ts$/.test(path)
}

/** @param {string} root @param {string} path relative @returns {string[]} files, relative, sorted */
function filesUnder(root, path) {
  const stat = statSync(join(root, path), { throwIfNoEntry: false })
  if (!stat) return []
  if (!stat.isDirectory()) return [path]
  const names = readdirSync(join(root, path)).sort()
  return names
    .map((name) => `${path}/${name}`)
    .filter(isSource)
    .flatMap((inner) => filesUnder(root, inner))
}

/**
 * The content of files and folders. Tests, dot-files and generated code do not count; what does not exist counts
 * as empty.
 *
 * @param {string} root the repository
 * @param {string[]} paths relative to it
 * @returns {string} SHA-256, hex
 */
export function sourceFingerprint(root, paths) {
  const hash = createHash('sha256')
  for (const file of paths.flatMap((path) => filesUnder(root, path))) {
    const content = readFileSync(join(root, file))
    hash.update(`${file}\0${content.length}\0`).update(content)
  }
  return hash.digest('hex')
}

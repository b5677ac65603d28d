// @ts-check
// From sources to .output, where they changed.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { withoutForeign } from './environment.mjs'
import { installFingerprint, sourceFingerprint } from './fingerprint.mjs'
import { holderOf, isAlive } from './lock.mjs'
import { Problem } from './problem.mjs'
import { runQuietly } from './processes.mjs'

/** Everything that a build reads, beside the packages and the version. */
const sources = [
  ...['app', 'cli', 'server', 'shared', 'prisma', 'public', 'modules'],
  ...['nuxt.config.ts', 'tsconfig.json', 'scripts/generate.mjs', 'scripts/schema.mjs'],
]

/** @typedef {import('./processes.mjs').RunOptions} RunOptions */
/** @typedef {{ root: string, node: string, env: NodeJS.ProcessEnv, onStart: (pid: number) => void }} Workplace */

/** @param {string} root */
const stampOf = (root) => join(root, '.output', '.tenantry-build')
/** @param {string} root */
const serversOf = (root) => join(root, '.cache', 'servers')

/** The server to run. @param {string} root */
export const entryOf = (root) => join(root, '.output', 'server', 'index.mjs')

/** @param {string} root */
function buildFingerprint(root) {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  return `${installFingerprint(root)} ${sourceFingerprint(root, sources)} ${version}`
}

/** Whether .output was made from other sources than those that lie here. @param {string} root */
export function buildIsStale(root) {
  const stamp = stampOf(root)
  if (!existsSync(entryOf(root)) || !existsSync(stamp)) return true
  return readFileSync(stamp, 'utf8') !== buildFingerprint(root)
}

/**
 * @param {Workplace} workplace
 * @param {string} what for people
 * @param {string[]} args of Node
 * @param {NodeJS.ProcessEnv} [more]
 */
async function runNode({ root, node, env, onStart }, what, args, more = {}) {
  const clean = { ...withoutForeign(env), ...more, NUXT_TELEMETRY_DISABLED: '1' }
  const { code, output } = await runQuietly(node, args, { cwd: root, env: clean, onStart })
  if (code !== 0) throw new Problem(`${what} failed with ${code}.\n\n${output.trim()}`)
}

/** Makes the Prisma clients, which are not kept in git; quick where they are there. @param {Workplace} workplace */
export async function generate(workplace) {
  await runNode(workplace, 'Generating the database clients', ['scripts/generate.mjs'])
}

/** Makes the types of the API's client, out of the routes; quick where they are there. @param {Workplace} workplace */
export async function generateClient(workplace) {
  await runNode(workplace, "Generating the client's types", ['scripts/client.mjs'])
}

/**
 * Makes .nuxt, which types, lint and tests read, where it is absent or configuration or packages changed.
 *
 * @param {Workplace} workplace
 */
export async function prepareTypes(workplace) {
  const { root } = workplace
  const stamp = join(root, '.cache', 'prepared')
  const fingerprint = `${installFingerprint(root)} ${sourceFingerprint(root, ['nuxt.config.ts', 'modules'])}`
  const isThere = existsSync(join(root, '.nuxt', 'eslint.config.mjs')) && existsSync(stamp)
  if (isThere && readFileSync(stamp, 'utf8') === fingerprint) return
  await runNode(workplace, 'Preparing types', ['node_modules/nuxt/bin/nuxt.mjs', 'prepare'])
  mkdirSync(join(root, '.cache'), { recursive: true })
  writeFileSync(stamp, fingerprint)
}

/**
 * Builds .output. Clients have to be generated before.
 *
 * @param {Workplace} workplace
 * @throws Problem with the build's own words where it fails, or where a server runs from what it would replace
 */
export async function build(workplace) {
  const { root } = workplace
  const server = runningServer(root)
  if (server)
    throw new Problem(
      `The sources changed, and a Tenantry (process ${server}) still runs from this folder's build: stop it first.`,
    )
  // Of the sources as they are now: what changes while we build makes the build stale.
  const fingerprint = buildFingerprint(root)
  rmSync(stampOf(root), { force: true })
  await runNode(workplace, 'The build', ['node_modules/nuxt/bin/nuxt.mjs', 'build'], {
    NODE_ENV: 'production',
  })
  writeFileSync(stampOf(root), fingerprint)
}

/** @param {string} root @returns {number | undefined} the id of a process that serves .output */
function runningServer(root) {
  const folder = serversOf(root)
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    const path = join(folder, name)
    /** @type {import('./lock.mjs').Holder} */
    const holder = JSON.parse(readFileSync(path, 'utf8'))
    if (isAlive(holder)) return holder.pid
    rmSync(path, { force: true })
  }
  return undefined
}

/**
 * Notes that a process serves .output.
 *
 * @param {string} root
 * @param {number} pid
 * @returns {() => void} to be called when it ended
 */
export function noteServer(root, pid) {
  const folder = serversOf(root)
  mkdirSync(folder, { recursive: true })
  const path = join(folder, String(pid))
  writeFileSync(path, JSON.stringify(holderOf(pid)))
  return () => rmSync(path, { force: true })
}

// @ts-check
// What the tests need and npm does not have: taken from PATH, or installed where that is possible.
import { accessSync, constants } from 'node:fs'
import { join } from 'node:path'
import { pathFolders } from './node.mjs'
import { Problem } from './problem.mjs'
import { runQuietly } from './processes.mjs'

/**
 * @typedef {object} Tool
 * @property {string} name for people
 * @property {string[]} commands names on PATH, best first
 * @property {string} [variable] an environment variable that may hold the path instead
 * @property {string[]} packages Debian's
 */

/** @type {Record<'chromium' | 'redis' | 'keyring', Tool>} */
export const tools = {
  chromium: {
    name: 'Chromium',
    // Chromium without what draws its own windows comes first: it takes a fifth less computing for the same pages.
    commands: [
      ...['chromium-headless-shell', 'chromium', 'chromium-browser'],
      ...['google-chrome', 'google-chrome-stable'],
    ],
    variable: 'CHROMIUM_PATH',
    packages: ['chromium-headless-shell', 'fonts-liberation'],
  },
  redis: { name: 'redis-server', commands: ['redis-server'], packages: ['redis-server'] },
  // Brings the bus with it, by which it is asked.
  keyring: {
    name: 'GNOME Keyring',
    commands: ['gnome-keyring-daemon'],
    packages: ['gnome-keyring', 'dbus-daemon'],
  },
}

/** @typedef {keyof typeof tools} ToolName */

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** @param {string[]} commands @param {NodeJS.ProcessEnv} env */
function onPath(commands, env) {
  const paths = commands.flatMap((command) => pathFolders(env).map((folder) => join(folder, command)))
  return paths.find(isExecutable)
}

/**
 * @param {Tool} tool
 * @param {NodeJS.ProcessEnv} env
 * @returns {string | undefined} absolute path
 * @throws Problem where the variable names something that can't be run
 */
export function findTool(tool, env) {
  const named = tool.variable && env[tool.variable]
  if (!named) return onPath(tool.commands, env)
  if (isExecutable(named)) return named
  throw new Problem(
    `${tool.variable} is ${JSON.stringify(named)}, which can't be run: correct it, or leave it out.`,
  )
}

/** What somebody has to do. @param {Tool[]} missing */
export function installHint(missing) {
  const names = missing.map(({ name }) => name).join(' and ')
  const commands = missing.flatMap(({ commands: [command = ''] }) => command)
  const packages = missing.flatMap((tool) => tool.packages)
  return (
    `The tests need ${names}, and found no ${commands.join(' and no ')} on PATH: install what is missing, ` +
    `on Debian with \`apt-get install ${packages.join(' ')}\`.`
  )
}

/**
 * Finds tools, and installs those that are missing where we are root and there is apt-get.
 *
 * @param {ToolName[]} names
 * @param {{ root: string, env: NodeJS.ProcessEnv }} workplace
 * @param {(what: string, work: () => Promise<void>) => Promise<void>} announce
 * @returns {Promise<NodeJS.ProcessEnv>} what to add to the environment of the tests
 * @throws Problem with one sentence that says what to install
 */
export async function ensureTools(names, workplace, announce) {
  const wanted = names.map((name) => tools[name])
  const isMissing = (/** @type {Tool} */ tool) => findTool(tool, workplace.env) === undefined
  const missing = wanted.filter(isMissing)
  const canInstall = process.getuid?.() === 0 && onPath(['apt-get'], workplace.env) !== undefined
  if (missing.length > 0 && canInstall)
    await announce(`Installing ${missing.map(({ name }) => name).join(' and ')}`, () =>
      aptInstall(missing, workplace),
    )
  const still = missing.filter(isMissing)
  if (still.length > 0) throw new Problem(installHint(still))
  return Object.fromEntries(
    wanted.flatMap((tool) => (tool.variable ? [[tool.variable, findTool(tool, workplace.env)]] : [])),
  )
}

/**
 * @param {Tool[]} missing
 * @param {{ root: string, env: NodeJS.ProcessEnv }} workplace
 */
async function aptInstall(missing, { root, env }) {
  // RUNLEVEL: a server that comes as a package is not to be started as one of the machine's.
  const quiet = { ...env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
  const packages = missing.flatMap((tool) => tool.packages)
  for (const args of [['update'], ['install', '--yes', '--no-install-recommends', ...packages]]) {
    const { code, output } = await runQuietly('apt-get', args, { cwd: root, env: quiet })
    if (code !== 0) throw new Problem(`${installHint(missing)}\n\napt-get ${args[0]} said:\n${output.trim()}`)
  }
}

// @ts-check
// What `npm start` and `npm test` have in common. Runs on Node 20 with nothing installed: no dependencies here, nor
// in anything that it imports.
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, buildIsStale, generate, generateClient, prepareTypes } from './launch/build.mjs'
import { takeLock } from './launch/lock.mjs'
import { findNode, pathFolders } from './launch/node.mjs'
import { installPackages, packagesAreStale } from './launch/packages.mjs'
import { Problem, Stopped } from './launch/problem.mjs'
import { exitCodeOf, takeSignals } from './launch/processes.mjs'
import { announced, say } from './launch/report.mjs'

/** The repository, without a slash at its end. */
export const root = fileURLToPath(new URL('..', import.meta.url)).replace(/[\\/]$/, '')

/**
 * @typedef {object} Toolchain
 * @property {string} node absolute path of the Node to run Tenantry with
 * @property {NodeJS.ProcessEnv} env the caller's, with that Node and the project's commands first on PATH
 */
/** @typedef {import('./launch/build.mjs').Workplace} Workplace */

/**
 * Works alone in this folder: installs the locked packages where they are missing or stale, then does what is asked.
 *
 * @template Result
 * @param {(toolchain: Toolchain, workplace: Workplace) => Promise<Result>} work
 * @returns {Promise<Result>}
 */
export async function withToolchain(work) {
  const lock = await takeLock(join(root, '.cache', 'launch.lock'), (pid) =>
    say(`  Waiting for process ${pid}, which is preparing this folder …`),
  )
  try {
    if (packagesAreStale(root))
      await announced('Installing packages', () => installPackages(root, process.env, lock.lend))
    const node = findNode(root, process.env)
    const toolchain = { node, env: environmentWith(node) }
    return await work(toolchain, { root, ...toolchain, onStart: lock.lend })
  } finally {
    lock.release()
  }
}

/** @param {string} node */
function environmentWith(node) {
  const first = [dirname(node), join(root, 'node_modules', '.bin')]
  const folders = pathFolders(process.env).filter((folder) => !first.includes(folder))
  const others = Object.entries(process.env).filter(([name]) => name.toUpperCase() !== 'PATH')
  return { ...Object.fromEntries(others), PATH: [...first, ...folders].join(delimiter) }
}

/** Builds where sources or packages changed. @param {Workplace} workplace */
export async function ensureBuilt(workplace) {
  if (!buildIsStale(root)) return
  await announced('Building', async () => {
    await generate(workplace)
    await build(workplace)
  })
}

/** What types, lint and tests read, and git does not keep. @param {Workplace} workplace */
export async function ensureGenerated(workplace) {
  await generate(workplace)
  await generateClient(workplace)
  await prepareTypes(workplace)
}

/**
 * Runs a command's main function and turns its end into the process's exit code.
 *
 * @param {() => Promise<number>} main resolves with the exit code
 */
export async function runCommand(main) {
  takeSignals(process.env)
  try {
    process.exitCode = await main()
  } catch (error) {
    if (error instanceof Stopped) process.exitCode = exitCodeOf(error.signal)
    else {
      process.exitCode = 1
      console.error(error instanceof Problem ? `\n${error.message}` : error)
    }
  }
}

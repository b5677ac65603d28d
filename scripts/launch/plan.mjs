// @ts-check
// What `npm test` consists of, and which of it somebody asked for.

/** @typedef {import('./tools.mjs').ToolName} ToolName */

/**
 * Each is a script in package.json, and counts as one test. Those of one turn run side by side; the second reads what
 * `types` writes to .nuxt.
 */
export const checks = [
  { name: 'types', args: ['types'], turn: 1 },
  { name: 'format', args: ['format'], turn: 1 },
  { name: 'migrations', args: ['migration', '--', '--check'], turn: 1 },
  { name: 'lint', args: ['lint'], turn: 2 },
  { name: 'circles', args: ['circles'], turn: 2 },
]

/**
 * Each is a project in vitest.config.ts. They run one after the other, since together they would starve each other.
 *
 * @type {{ name: string, needsBuild: boolean, tools: ToolName[] }[]}
 */
export const projects = [
  { name: 'unit', needsBuild: false, tools: ['redis'] },
  { name: 'e2e', needsBuild: true, tools: ['redis', 'keyring'] },
  { name: 'browser', needsBuild: true, tools: ['chromium', 'redis'] },
]

/** @typedef {(typeof checks)[number]} Check */
/** @typedef {(typeof projects)[number]} Project */
/** @typedef {{ build: boolean, checks: Check[], projects: Project[], vitestArgs: string[] }} Plan */

/** What may be named behind `npm test --`. */
export const parts = ['check', 'build', ...[...checks, ...projects].map(({ name }) => name)]

/**
 * Reads the command line: names of parts first, what follows is for vitest.
 *
 * @param {string[]} argv
 * @returns {Plan} everything where nothing is named; only vitest's projects where there are arguments for it alone
 */
export function planFor(argv) {
  const firstOther = argv.findIndex((word) => !parts.includes(word))
  const named = firstOther < 0 ? argv : argv.slice(0, firstOther)
  const vitestArgs = firstOther < 0 ? [] : argv.slice(firstOther)
  const all = named.length === 0
  const everything = all && vitestArgs.length === 0
  const asked = (/** @type {string} */ name) => named.includes(name)
  const chosen = all ? projects : projects.filter(({ name }) => asked(name))
  return {
    build: everything || asked('build') || chosen.some(({ needsBuild }) => needsBuild),
    checks: checks.filter(({ name }) => everything || asked('check') || asked(name)),
    projects: chosen,
    vitestArgs,
  }
}

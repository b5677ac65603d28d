// @ts-check
// `npm test`: every check and every test, on a fresh clone too. The last line is `N passed, N failed`.
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { withoutForeign } from './launch/environment.mjs'
import { npmCommand } from './launch/packages.mjs'
import { parts, planFor } from './launch/plan.mjs'
import { Stopped } from './launch/problem.mjs'
import { runLoudly, runQuietly } from './launch/processes.mjs'
import { announced, say, secondsSince } from './launch/report.mjs'
import { countRun, failuresOf, readReport, retold, sum, summary } from './launch/tally.mjs'
import { ensureTools } from './launch/tools.mjs'
import { ensureBuilt, ensureGenerated, root, runCommand, withToolchain } from './toolchain.mjs'

/** @typedef {import('./launch/tally.mjs').Row} Row */
/** @typedef {import('./launch/plan.mjs').Plan} Plan */
/** @typedef {import('./launch/plan.mjs').Check} Check */
/** @typedef {import('./launch/plan.mjs').Project} Project */
/** @typedef {import('./toolchain.mjs').Toolchain} Toolchain */

const help = `npm test [-- PART… [ARGUMENT…]]

Installs what the tests need and runs all of them: types, format, migrations, lint, the build, and vitest's projects.
A PART runs that alone: ${parts.join(', ')}.
Other arguments go to vitest, as in:

  npm test -- unit server/lib
  npm test -- e2e -t 'signs in'`

/** @type {Row[]} */
const rows = []

/**
 * Something that has to succeed.
 *
 * @param {string} name
 * @param {() => Promise<void>} work throws where it fails
 * @param {{ counts: boolean }} [options] whether success counts as a passed test; failure always counts
 * @returns {Promise<boolean>} whether it succeeded
 */
async function step(name, work, { counts } = { counts: true }) {
  const start = performance.now()
  try {
    await work()
    if (counts) rows.push({ name, passed: 1, failed: 0, took: secondsSince(start) })
    return true
  } catch (error) {
    if (error instanceof Stopped) throw error
    const why = error instanceof Error ? error.message : String(error)
    say(`\n${name} failed:\n\n${why}\n`)
    rows.push({ name, passed: 0, failed: 1, failures: [retold(name, why)], took: secondsSince(start) })
    return false
  }
}

/** @param {Check} check @param {Toolchain} toolchain */
async function runCheck({ name, args }, { env }) {
  await step(name, () =>
    announced(`Checking ${name}`, async () => {
      const npm = npmCommand(root, env)
      const { code, output } = await runQuietly(npm.file, [...npm.args, 'run', '--silent', ...args], {
        cwd: root,
        env: withoutForeign(env),
        shell: npm.shell,
      })
      if (code !== 0) throw new Error(output.trim() || `It ended with ${code}.`)
    }),
  )
}

/** @param {Check[]} checks @param {Toolchain} toolchain */
async function runChecks(checks, toolchain) {
  for (const turn of new Set(checks.map((check) => check.turn))) {
    const ofTurn = checks.filter((check) => check.turn === turn)
    await Promise.all(ofTurn.map((check) => runCheck(check, toolchain)))
  }
}

/**
 * @param {Project} project
 * @param {string[]} args
 * @param {Toolchain} toolchain
 */
async function runProject({ name }, args, { node, env }) {
  const start = performance.now()
  const artifacts = join(root, 'tests', '.artifacts')
  const report = join(artifacts, `${name}.json`)
  mkdirSync(artifacts, { recursive: true })
  rmSync(report, { force: true })
  say(`\n  Running ${name} …`)
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const filter = args.length > 0 ? ['--passWithNoTests', ...args] : []
  const command = ['node_modules/vitest/vitest.mjs', 'run', '--project', name, ...reporters, ...filter]
  const code = await runLoudly(node, command, { cwd: root, env })
  const results = readReport(report)
  const row = countRun(name, results, code, { mayBeEmpty: args.length > 0 })
  const failures = results ? failuresOf(results, root) : []
  rows.push({ ...row, failures, took: secondsSince(start) })
}

/** @param {Project[]} projects @param {string} why */
function giveUp(projects, why) {
  for (const { name } of projects) rows.push({ name, passed: 0, failed: 1, note: `not run: ${why}` })
}

/** @param {Plan} plan */
async function runPlan(plan) {
  /** @type {Toolchain | undefined} */
  let toolchain
  let built = true
  const preparation = () =>
    withToolchain(async (ready, workplace) => {
      if (plan.build) built = await step('build', () => ensureBuilt(workplace))
      await ensureGenerated(workplace)
      toolchain = ready
    })
  await step('preparation', preparation, { counts: false })
  if (!toolchain) return
  await runChecks(plan.checks, toolchain)
  const runnable = plan.projects.filter(({ needsBuild }) => built || !needsBuild)
  const hopeless = plan.projects.filter((project) => !runnable.includes(project))
  giveUp(hopeless, 'the build failed')
  await runProjects(runnable, plan.vitestArgs, toolchain)
}

/**
 * @param {Project[]} projects
 * @param {string[]} args
 * @param {Toolchain} toolchain
 */
async function runProjects(projects, args, toolchain) {
  const env = withoutForeign(toolchain.env)
  for (const project of projects) {
    const findTools = async () =>
      void Object.assign(env, await ensureTools(project.tools, { root, env }, announced))
    const ready = await step(project.name, findTools, { counts: false })
    if (ready) await runProject(project, args, { ...toolchain, env })
  }
  const ranTests = rows.some(
    (row) => projects.some(({ name }) => name === row.name) && row.passed + row.failed > 0,
  )
  if (args.length > 0 && !ranTests)
    rows.push({ name: 'vitest', passed: 0, failed: 1, note: 'no test matched' })
}

await runCommand(async () => {
  const argv = process.argv.slice(2)
  if (argv[0] === '--help' || argv[0] === '-h') {
    say(help)
    return 0
  }
  await runPlan(planFor(argv))
  say(`\n${summary(rows)}`)
  return sum(rows).failed > 0 ? 1 : 0
})

// @ts-check
// `npm run bench`: builds what is to be measured, and measures it.
import { join } from 'node:path'
import { withoutForeign } from './launch/environment.mjs'
import { Problem } from './launch/problem.mjs'
import { runLoudly, runQuietly } from './launch/processes.mjs'
import { announced, say } from './launch/report.mjs'
import { ensureBuilt, root, runCommand, withToolchain } from './toolchain.mjs'

const help = `npm run bench [-- PART…] [-- --date YYYY-MM-DD]

Measures Tenantry against bare servers on SQLite and PostgreSQL, and writes the table of docs/performance.md.
A PART measures that alone, and writes nothing: command-line, list, bearer, proof, vault, flat,
login, cold-start, memory, converge, fleet, killed, queue, sweep.`

/** @param {import('./launch/build.mjs').Workplace} workplace */
async function buildBare({ node, env, onStart }) {
  const args = ['node_modules/nuxt/bin/nuxt.mjs', 'build', join('bench', 'bare')]
  const clean = { ...withoutForeign(env), NODE_ENV: 'production', NUXT_TELEMETRY_DISABLED: '1' }
  const { code, output } = await runQuietly(node, args, { cwd: root, env: clean, onStart })
  if (code !== 0) throw new Problem(`The bare server could not be built (${code}).\n\n${output.trim()}`)
}

await runCommand(async () => {
  const args = process.argv.slice(2)
  if (args.includes('--help') || args.includes('-h')) {
    say(help)
    return 0
  }
  const { node, env } = await withToolchain(async (toolchain, workplace) => {
    await ensureBuilt(workplace)
    await announced('Building the bare server', () => buildBare(workplace))
    return toolchain
  })
  return runLoudly(node, ['bench/run.ts', ...args], { cwd: root, env: withoutForeign(env) })
})

// @ts-check
// `npm start`: from a fresh clone to a running Tenantry.
import { Problem } from './launch/problem.mjs'
import { say } from './launch/report.mjs'
import { serve } from './launch/serve.mjs'
import { ensureBuilt, root, runCommand, withToolchain } from './toolchain.mjs'

const help = `npm start

Installs the locked packages if they are missing or stale, builds if the sources changed, and serves Tenantry.
What the server is told comes from the environment; docs/configuration.md lists it. For instance:

  PORT=3001 npm start
  DATA_DIR=/var/lib/tenantry PUBLIC_URL=https://portal.example.org npm start

Without any, it keeps an SQLite database and its master key in ./data and listens on port 3000.`

await runCommand(async () => {
  const [option] = process.argv.slice(2)
  if (option === '--help' || option === '-h') {
    say(help)
    return 0
  }
  if (option !== undefined)
    throw new Problem(`npm start knows no ${option}; npm start -- --help says what it does.`)
  const toolchain = await withToolchain(async (toolchain, workplace) => {
    await ensureBuilt(workplace)
    return toolchain
  })
  return serve({ root, ...toolchain })
})

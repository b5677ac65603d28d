// Makes what is derived from prisma/: both databases' clients, and their migrations as modules that a bundler takes.
// Does nothing where they are up to date.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { composeSchema, providers, readMigrations, root } from './schema.mjs'

/** @typedef {import('./schema.mjs').Provider} Provider */

const require = createRequire(import.meta.url)
const generated = join(root, 'server/storage/generated')

/** @param {Provider} provider */
function generateClient(provider) {
  const schema = composeSchema(provider)
  const { version } = require('prisma/package.json')
  const fingerprint = createHash('sha256')
    .update(JSON.stringify([version, schema]))
    .digest('hex')
  const stamp = join(generated, `${provider}.sha256`)
  const client = join(generated, provider, 'client.ts')
  if (existsSync(client) && read(stamp) === fingerprint) return

  const folder = join(generated, 'schema', provider)
  rmSync(stamp, { force: true })
  rmSync(folder, { recursive: true, force: true })
  for (const { name, text } of schema) write(join(folder, name), text)

  // The command line wants a schema engine that `generate` never runs, and would download it.
  const env = { PRISMA_SCHEMA_ENGINE_BINARY: '/bin/true', PRISMA_HIDE_UPDATE_MESSAGE: '1', ...process.env }
  const command = [require.resolve('prisma/build/index.js'), 'generate', '--schema', folder, '--no-hints']
  const { status, stdout, stderr } = spawnSync(process.execPath, command, {
    cwd: root,
    env,
    encoding: 'utf8',
  })
  if (status !== 0) {
    console.error(`${stdout}\n${stderr}`)
    console.error(`The Prisma client for ${provider} could not be generated.`)
    process.exit(1)
  }
  write(stamp, fingerprint)
  console.log(`Generated the Prisma client for ${provider}.`)
}

/** @param {Provider} provider */
function generateMigrations(provider) {
  const text = `export const migrations = ${JSON.stringify(readMigrations(provider), null, 2)}\n`
  const file = join(generated, `${provider}-migrations.ts`)
  if (read(file) !== text) write(file, text)
}

/** @param {string} file */
function read(file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined
}

/**
 * @param {string} file
 * @param {string} text
 */
function write(file, text) {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(`${file}.new`, text)
  renameSync(`${file}.new`, file)
}

for (const provider of providers) {
  generateClient(provider)
  generateMigrations(provider)
}

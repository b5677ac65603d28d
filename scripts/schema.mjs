import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The repository's root, with a slash at its end. */
export const root = fileURLToPath(new URL('..', import.meta.url))

/** @typedef {'sqlite' | 'postgresql'} Provider */

/** The databases that the models are derived for. */
export const providers = /** @type {const} */ (['sqlite', 'postgresql'])

/**
 * The whole schema of one database: the authored models and its datasource.
 *
 * @param {Provider} provider
 * @returns {{ name: string, text: string }[]} in an order that never changes
 */
export function composeSchema(provider) {
  const models = join(root, 'prisma/models')
  const names = readdirSync(models).filter((name) => name.endsWith('.prisma'))
  const files = names.sort().map((name) => ({ name, text: readFileSync(join(models, name), 'utf8') }))
  const datasource = readFileSync(join(root, 'prisma', provider, 'datasource.prisma'), 'utf8')
  return [{ name: 'datasource.prisma', text: datasource }, ...files]
}

/**
 * Where one database's migrations lie, in Prisma's own layout.
 *
 * @param {Provider} provider
 */
export function migrationsFolder(provider) {
  return join(root, 'prisma', provider, 'migrations')
}

/**
 * One database's migrations, the oldest first.
 *
 * @param {Provider} provider
 * @returns {{ name: string, sql: string }[]}
 */
export function readMigrations(provider) {
  const folder = migrationsFolder(provider)
  if (!existsSync(folder)) return []
  const entries = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  const names = entries.map((entry) => entry.name).sort()
  return names.map((name) => ({ name, sql: readFileSync(join(folder, name, 'migration.sql'), 'utf8') }))
}

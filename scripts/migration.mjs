// Makes the next migration of both databases from the models, or tells whether one is missing.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startPostgresql } from '../tests/harness/postgresql.ts'
import { lockFile, missingMigration } from './migrations.mjs'
import { migrationsFolder, providers } from './schema.mjs'

const help = `Usage:
  npm run migration -- <name>     make the next migration of both databases from prisma/models
  npm run migration -- --check    tell whether models and migrations agree (exit code 1 where not)

A name says what changes, in lower case with underscores, such as add_invitations.

How to change the schema:
  1. Edit prisma/models. Keep it portable: no scalar lists, no types that one database alone has.
  2. npm run migration -- <name>
  3. Read prisma/{sqlite,postgresql}/migrations/<time>_<name>/migration.sql. Where rows that exist need more than
     the SQL does, such as a value for a new column, write it into both files.
  4. npm run generate, and npm test: it applies them to both databases.

What a migration can rely on: all that are pending run in one transaction, with foreign keys off on SQLite and
checked at its end. So on PostgreSQL none may use an enum value that it, or one released with it, adds.
A migration that was released is never edited: a database that has it refuses another text. One that was not
is made again by removing its two folders and starting over.`

const argument = process.argv[2] ?? '--help'
if (argument === '--help' || argument === '-h') {
  console.log(help)
} else if (argument === '--check') {
  const missing = await findMissing()
  for (const { provider, sql } of missing) console.error(`-- ${provider}: the migrations lack\n${sql}`)
  if (missing.length > 0) console.error('Run: npm run migration -- <name>')
  process.exitCode = missing.length > 0 ? 1 : 0
} else if (/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/.test(argument)) {
  write(argument, await findMissing())
} else {
  console.error(`"${argument}" is no name for a migration.\n\n${help}`)
  process.exitCode = 1
}

async function findMissing() {
  const server = await startPostgresql()
  try {
    const found = []
    for (const provider of providers)
      found.push({ provider, sql: await missingMigration(provider, server.url) })
    return found.filter(({ sql }) => sql !== '')
  } finally {
    await server.stop()
  }
}

/**
 * @param {string} name
 * @param {Awaited<ReturnType<typeof findMissing>>} missing
 */
function write(name, missing) {
  const time = new Date().toISOString().replace(/\D/g, '').slice(0, 14)
  for (const { provider, sql } of missing) {
    const folder = join(migrationsFolder(provider), `${time}_${name}`)
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'migration.sql'), sql)
    writeFileSync(join(migrationsFolder(provider), 'migration_lock.toml'), lockFile(provider))
    console.log(`Made ${folder}/migration.sql`)
  }
  if (missing.length === 0) console.log('Nothing to do: models and migrations agree.')
}

import { randomUUID } from 'node:crypto'
import { PrismaLibSql } from '@prisma/adapter-libsql'
import { PrismaPg } from '@prisma/adapter-pg'
import { ColumnTypeEnum, bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils'
import pg from 'pg'
import { loadSchemaEngine } from '../server/storage/schema-engine.ts'
import { composeSchema, migrationsFolder, readMigrations } from './schema.mjs'

/** @typedef {import('./schema.mjs').Provider} Provider */
/** @typedef {import('@prisma/driver-adapter-utils').SqlDriverAdapter} Adapter */
/** @typedef {import('@prisma/driver-adapter-utils').SqlQuery} SqlQuery */

/**
 * What the models say and the migrations do not do yet, by Prisma's schema engine: it applies the migrations to an
 * empty database and compares.
 *
 * @param {Provider} provider
 * @param {string} postgresqlUrl of a server where databases can be made; not used for SQLite
 * @param {{ name: string, text: string }[]} schema the models, where not those of prisma/models
 * @returns {Promise<string>} the SQL that is missing; empty where models and migrations agree
 */
export async function missingMigration(provider, postgresqlUrl, schema = composeSchema(provider)) {
  const files = schema.map(({ name, text }) => ({ path: name, content: text }))
  const SchemaEngine = await loadSchemaEngine()
  const { open, remove } = provider === 'sqlite' ? emptySqlite() : await emptyPostgresql(postgresqlUrl)
  try {
    const engine = await SchemaEngine.new(
      { datamodels: files.map(({ path, content }) => [path, content]) },
      () => undefined,
      bindMigrationAwareSqlAdapterFactory({
        provider: provider === 'sqlite' ? 'sqlite' : 'postgres',
        adapterName: 'tenantry',
        connect: open,
        connectToShadowDb: open,
      }),
    )
    const { exitCode, stdout } = await engine.diff({
      from: { tag: 'migrations', ...migrationList(provider) },
      to: { tag: 'schemaDatamodel', files },
      script: true,
      exitCode: true,
      filters: { externalTables: [], externalEnums: [] },
    })
    engine.free()
    return exitCode === 0 ? '' : (stdout ?? '')
  } finally {
    await remove()
  }
}

/** @param {Provider} provider */
function migrationList(provider) {
  return {
    baseDir: migrationsFolder(provider),
    lockfile: { path: 'migration_lock.toml', content: lockFile(provider) },
    shadowDbInitScript: '',
    migrationDirectories: readMigrations(provider).map(({ name, sql }) => ({
      path: name,
      migrationFile: { path: 'migration.sql', content: { tag: /** @type {const} */ ('ok'), value: sql } },
    })),
  }
}

/**
 * Prisma's own mark of the database that a folder of migrations is for.
 *
 * @param {Provider} provider
 */
export function lockFile(provider) {
  return `# Prisma's mark: these migrations are for this database.\nprovider = "${provider}"\n`
}

/** In memory. The engine sends a script as one query, of which the driver would run the first statement alone. */
function emptySqlite() {
  /** @returns {Promise<Adapter>} */
  const open = async () => {
    const adapter = await new PrismaLibSql({ url: ':memory:' }).connect()
    const executeRaw = adapter.executeRaw.bind(adapter)
    /** @param {SqlQuery} query */
    const executeWhole = async (query) => {
      if (query.args.length > 0) return executeRaw(query)
      await adapter.executeScript(query.sql)
      return 0
    }
    return Object.assign(adapter, { executeRaw: executeWhole })
  }
  return { open, remove: () => Promise.resolve() }
}

/** PostgreSQL's one-byte type "char", which the engine reads from the catalogue and the adapter refuses. */
const oneByteOid = 18
const textOid = 25

/**
 * A database of its own, made and removed here: the adapter's way of doing so fails on its own open connections.
 *
 * @param {string} url of a server where databases can be made
 */
async function emptyPostgresql(url) {
  const name = `shadow_${randomUUID().replaceAll('-', '')}`
  const admin = new pg.Client({ connectionString: url })
  await admin.connect()
  await admin.query(`CREATE DATABASE ${name} TEMPLATE template0`)
  const pool = new pg.Pool({ connectionString: Object.assign(new URL(url), { pathname: `/${name}` }).href })
  return {
    open: async () => readingItsCatalogue(await new PrismaPg(pool).connect(), pool),
    async remove() {
      await pool.end()
      await admin.query(`DROP DATABASE ${name} WITH (FORCE)`)
      await admin.end()
    },
  }
}

/**
 * @param {Awaited<ReturnType<PrismaPg['connect']>>} adapter
 * @param {pg.Pool} pool
 * @returns {Adapter}
 */
function readingItsCatalogue(adapter, pool) {
  const { queryRaw } = adapter
  /** @param {SqlQuery} question */
  const queryCatalogue = async (question) => {
    /** @type {number[]} */
    const oneByteColumns = []
    /** @param {pg.QueryConfig} config */
    const query = async (config) => {
      const answer = await pool.query(config)
      for (const [column, field] of answer.fields.entries()) {
        if (field.dataTypeID !== oneByteOid) continue
        field.dataTypeID = textOid
        oneByteColumns.push(column)
      }
      return answer
    }
    const result = await queryRaw.call(Object.create(adapter, { client: { value: { query } } }), question)
    for (const column of oneByteColumns) result.columnTypes[column] = ColumnTypeEnum.Character
    return result
  }
  return Object.assign(adapter, { queryRaw: queryCatalogue })
}

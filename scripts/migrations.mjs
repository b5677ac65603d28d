import { PrismaLibSql } from '@prisma/adapter-libsql'
import { PrismaPg } from '@prisma/adapter-pg'
import { ColumnTypeEnum, bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils'
import { loadSchemaEngine } from '../server/storage/schema-engine.ts'
import { composeSchema, migrationsFolder, readMigrations } from './schema.mjs'

/** @typedef {import('./schema.mjs').Provider} Provider */
/** @typedef {import('@prisma/driver-adapter-utils').SqlDriverAdapter} Adapter */
/** @typedef {import('@prisma/driver-adapter-utils').SqlMigrationAwareDriverAdapterFactory} Factory */

/**
 * What the models say and the migrations do not do yet, by Prisma's schema engine: it applies the migrations to an
 * empty database and compares.
 *
 * @param {Provider} provider
 * @param {string} postgresqlUrl of a server where databases can be made; not used for SQLite
 * @returns {Promise<string>} the SQL that is missing; empty where models and migrations agree
 */
export async function missingMigration(provider, postgresqlUrl) {
  const files = composeSchema(provider).map(({ name, text }) => ({ path: name, content: text }))
  const SchemaEngine = await loadSchemaEngine()
  const engine = await SchemaEngine.new(
    { datamodels: files.map(({ path, content }) => [path, content]) },
    () => undefined,
    bindMigrationAwareSqlAdapterFactory(provider === 'sqlite' ? sqlite() : postgresql(postgresqlUrl)),
  )
  try {
    const { exitCode, stdout } = await engine.diff({
      from: { tag: 'migrations', ...migrationList(provider) },
      to: { tag: 'schemaDatamodel', files },
      script: true,
      exitCode: true,
      filters: { externalTables: [], externalEnums: [] },
    })
    return exitCode === 0 ? '' : (stdout ?? '')
  } finally {
    engine.free()
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

/** SQLite in memory. The engine sends a script as one query, of which the driver would run the first statement. */
function sqlite() {
  return adapted(new PrismaLibSql({ url: ':memory:' }), (adapter) => {
    const executeRaw = adapter.executeRaw.bind(adapter)
    /** @param {import('@prisma/driver-adapter-utils').SqlQuery} query */
    const executeWhole = async (query) => {
      if (query.args.length > 0) return executeRaw(query)
      await adapter.executeScript(query.sql)
      return 0
    }
    return Object.assign(adapter, { executeRaw: executeWhole })
  })
}

/** PostgreSQL's one-byte type "char", which the engine reads from the catalogue and the adapter refuses. */
const oneByteOid = 18
const textOid = 25

/**
 * PostgreSQL, able to read its catalogue.
 *
 * @param {string} url
 */
function postgresql(url) {
  return adapted(new PrismaPg(url), (adapter) => {
    const { queryRaw } = adapter
    const pool = adapter.underlyingDriver()
    /** @param {import('@prisma/driver-adapter-utils').SqlQuery} question */
    const queryCatalogue = async (question) => {
      /** @type {number[]} */
      const oneByteColumns = []
      /** @param {import('pg').QueryConfig} config */
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
  })
}

/**
 * @template {Adapter} A
 * @param {{ provider: Factory['provider'], adapterName: string, connect(): Promise<A>, connectToShadowDb(): Promise<A> }} factory
 * @param {(adapter: A) => Adapter} adapt
 * @returns {Factory}
 */
function adapted(factory, adapt) {
  return {
    provider: factory.provider,
    adapterName: factory.adapterName,
    connect: async () => adapt(await factory.connect()),
    connectToShadowDb: async () => adapt(await factory.connectToShadowDb()),
  }
}

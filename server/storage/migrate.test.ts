import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, describe, expect, test } from 'vitest'
import { makeDatabase } from '~~/tests/harness/databases'
import { createLog } from '#server/lib/log'
import { type Database, openDatabase } from './database'
import { migrate } from './migrate'
import { loadMigrations, type Migration } from './migrations'

const log = createLog('silent')
const undo: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step()
})

const first: Migration = {
  name: '20260101000000_first',
  sql: `CREATE TABLE "parent" ("id" TEXT NOT NULL PRIMARY KEY, "note" TEXT);
    CREATE TABLE "child" ("id" TEXT NOT NULL PRIMARY KEY,
      "parentId" TEXT NOT NULL REFERENCES "parent" ("id") ON DELETE CASCADE ON UPDATE CASCADE);
    INSERT INTO "parent" VALUES ('p', 'one; two');
    INSERT INTO "child" VALUES ('c', 'p');`,
}
const broken: Migration = {
  name: '20260102000000_second',
  sql: `ALTER TABLE "parent" ADD COLUMN "extra" TEXT;
    UPDATE "parent" SET "extra" = 'half';
    INSERT INTO "nowhere" VALUES (1);
    CREATE TABLE "later" ("id" TEXT);`,
}
const repaired: Migration = { name: broken.name, sql: broken.sql.replace(/INSERT INTO "nowhere".*/, '') }
/** As Prisma changes a table on SQLite: made anew, while others refer to it. */
const rebuild: Migration = {
  name: '20260103000000_third',
  sql: `PRAGMA defer_foreign_keys=ON;
    PRAGMA foreign_keys=OFF;
    CREATE TABLE "new_parent" ("id" TEXT NOT NULL PRIMARY KEY, "note" TEXT NOT NULL DEFAULT '');
    INSERT INTO "new_parent" ("id", "note") SELECT "id", coalesce("note", '') FROM "parent";
    DROP TABLE "parent";
    ALTER TABLE "new_parent" RENAME TO "parent";
    PRAGMA foreign_keys=ON;
    PRAGMA defer_foreign_keys=OFF;`,
}

describe.each(['sqlite', 'postgresql'] as const)('migrate on %s', (provider) => {
  async function begin(): Promise<{
    url: string
    database: Database
    run(migrations: Migration[]): Promise<string[]>
  }> {
    const made = await makeDatabase(provider, 'empty')
    undo.push(() => made.remove())
    const { url } = made
    const database = await openDatabase({ url, poolMax: 2, log })
    undo.push(() => database.close())
    return { url, database, run: (migrations) => migrate(database, { url, migrations, log }) }
  }
  const count = async (database: Database, table: string) =>
    Number(
      (await database.client.$queryRawUnsafe<{ n: number }[]>(`SELECT count(*) AS n FROM "${table}"`))[0]?.n,
    )
  const tables = async (database: Database) => {
    const rows = await (provider === 'sqlite'
      ? database.client.$queryRaw<{ name: string }[]>`SELECT name FROM sqlite_schema WHERE type = 'table'`
      : database.client.$queryRaw<{ name: string }[]>`
          SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'`)
    return rows.map(({ name }) => name).sort()
  }

  test('brings an empty database to this build’s schema, and then has nothing to do', async () => {
    const migrations = await loadMigrations(provider)
    const { database, run } = await begin()
    expect(await run(migrations)).toEqual(migrations.map(({ name }) => name))
    expect(await tables(database)).toEqual(
      expect.arrayContaining(['AuditEntry', 'User', '_prisma_migrations']),
    )
    expect(await database.client.membership.findMany({ include: { tenant: true, user: true } })).toEqual([])
    expect(await run(migrations)).toEqual([])
  })

  test('applies what is pending, in order, and every statement of it', async () => {
    const { database, run } = await begin()
    expect(await run([first])).toEqual([first.name])
    expect(await run([first, repaired])).toEqual([repaired.name])
    expect(await tables(database)).toEqual(['_prisma_migrations', 'child', 'later', 'parent'])
    expect(await database.client.$queryRaw`SELECT * FROM parent`).toEqual([
      { id: 'p', note: 'one; two', extra: 'half' },
    ])
  })

  test('a failure leaves the database as it was, says why, and a repaired build simply starts', async () => {
    const { database, run } = await begin()
    await run([first])
    await expect(run([first, broken])).rejects.toThrow(
      /could not be migrated and was left as it was.*nowhere/s,
    )
    expect(await tables(database)).toEqual(['_prisma_migrations', 'child', 'parent'])
    expect(await database.client.$queryRaw`SELECT * FROM parent`).toEqual([{ id: 'p', note: 'one; two' }])
    expect(await count(database, '_prisma_migrations')).toBe(1)
    await expect(run([first, broken])).rejects.toThrow('nowhere')
    expect(await run([first, repaired])).toEqual([repaired.name])
  })

  test('where the second of two fails on a first start, nothing is there', async () => {
    const { database, run } = await begin()
    await expect(run([first, broken])).rejects.toThrow('left as it was')
    expect(await tables(database)).toEqual([])
    expect(await run([first, repaired])).toEqual([first.name, repaired.name])
  })

  test(
    'of several processes that start at once, one applies, and all of them find it done',
    { timeout: 30_000 },
    async () => {
      const { url, database } = await begin()
      const folder = mkdtempSync(join(tmpdir(), 'tenantry-migrate-'))
      undo.push(() => rmSync(folder, { recursive: true }))
      const program = join(folder, 'start.ts')
      writeFileSync(
        program,
        `import { openDatabase } from '#server/storage/database'
      import { loadMigrations } from '#server/storage/migrations'
      import { migrate } from '#server/storage/migrate'
      const url = ${JSON.stringify(url)}
      const log = { ...console, info() {} }
      const database = await openDatabase({ url, poolMax: 2, log })
      const applied = await migrate(database, { url, migrations: await loadMigrations(database.provider), log })
      console.log(applied.length, await database.client.tenant.count())
      await database.close()`,
      )
      const hooks = new URL('../../tests/harness/typescript.mjs', import.meta.url).href
      const start = () => promisify(execFile)(process.execPath, ['--import', hooks, program])
      const outcomes = (await Promise.all([start(), start(), start(), start()])).map(({ stdout }) =>
        stdout.trim(),
      )
      const all = (await loadMigrations(provider)).length
      expect(outcomes.sort()).toEqual(['0 0', '0 0', '0 0', `${all} 0`])
      expect(await count(database, '_prisma_migrations')).toBe(all)
    },
  )

  test('calls at once within one process do no harm either', async () => {
    const { run } = await begin()
    const outcomes = await Promise.all([
      run([first, repaired]),
      run([first, repaired]),
      run([first, repaired]),
    ])
    expect(outcomes.map((applied) => applied.length).sort()).toEqual([0, 0, 2])
  })

  test('refuses a database that a newer version migrated, and changes nothing', async () => {
    const { database, run } = await begin()
    await run([first, repaired])
    await expect(run([first])).rejects.toThrow(
      /newer version of Tenantry \(20260102000000_second\).*later one/s,
    )
    await expect(run([first, { ...repaired, name: '20260101120000_other' }])).rejects.toThrow('newer version')
    expect(await count(database, '_prisma_migrations')).toBe(2)
  })

  test('refuses a migration whose text is not the one that was applied', async () => {
    const { run } = await begin()
    await run([first])
    await expect(run([{ ...first, sql: `${first.sql} ` }])).rejects.toThrow(
      /another text of 20260101000000_first/,
    )
  })

  if (provider === 'sqlite') {
    test('making a table anew keeps the rows that refer to it', async () => {
      const { database, run } = await begin()
      await run([first])
      await run([first, rebuild])
      expect(await database.client.$queryRaw`SELECT * FROM child`).toEqual([{ id: 'c', parentId: 'p' }])
      await expect(database.client.$executeRaw`INSERT INTO child VALUES ('d', 'none')`).rejects.toThrow(
        'FOREIGN KEY',
      )
    })

    test('refuses to leave rows that refer to nothing', async () => {
      const { database, run } = await begin()
      await run([first])
      const orphaning = { name: '20260104000000_orphans', sql: `DELETE FROM "parent";` }
      await expect(run([first, orphaning])).rejects.toThrow('refer to rows which are gone')
      expect(await count(database, 'parent')).toBe(1)
      expect(await run([first, repaired])).toEqual([repaired.name])
    })
  }

  if (provider === 'postgresql') {
    test('takes functions and texts with semicolons whole', async () => {
      const { database, run } = await begin()
      const sql = `CREATE FUNCTION two() RETURNS int LANGUAGE plpgsql AS $$ BEGIN PERFORM 1; RETURN 2; END; $$;`
      await run([{ name: '20260101000000_function', sql }])
      expect(await database.client.$queryRaw`SELECT two()`).toEqual([{ two: 2 }])
    })
  }
})

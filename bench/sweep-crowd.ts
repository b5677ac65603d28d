import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'
import { fillDatabase } from './crowd.ts'

const made = "'0190a5b0-0000-7000-8000-'"

/** The steps that tenants have, in an order of this file's own: their number makes their ids. */
const steps = [
  ['authentik', 'group'],
  ['authentik', 'members'],
  ['stalwart', 'domains'],
  ['stalwart', 'accounts'],
  ['ocis', 'space'],
  ['ocis', 'members'],
  ['mail', 'onboarding'],
] as const

/**
 * Fills a database that has one tenant, which is settled, with others that are too.
 *
 * @returns the others
 */
export async function fillWithSettled(url: string, tenants: number): Promise<{ id: string; slug: string }[]> {
  await fillDatabase(url, { tenants, memberships: {} })
  const isSqlite = url.startsWith('file:')
  const hex = (n: string) => (isSqlite ? `printf('%012x', ${n})` : `lpad(to_hex(${n}), 12, '0')`)
  const series = `WITH RECURSIVE series(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM series WHERE n < ${tenants})`
  await run(url, [
    // Nobody is looked at closely before it is known which space is whose.
    `${series} INSERT INTO "ProvisioningWork" ("tenantId", sequence, fence, "checkedAt")
     SELECT ${made} || ${hex('n')}, 7, 1, ${isSqlite ? "'2999-01-01T00:00:00.000+00:00'" : "'2999-01-01'"} FROM series`,
    ...steps.map(
      ([service, step], index) =>
        `${series} INSERT INTO "ProvisioningStep"
           (id, "tenantId", service, step, status, generation, attempt, held, sequence, "createdAt", "updatedAt")
         SELECT ${made} || ${hex(`n + ${100 + index} * 1000000`)}, ${made} || ${hex('n')}, f.service, f.step, f.status, 1,
           1, f.held, f.sequence, f."createdAt", f."updatedAt"
         FROM series CROSS JOIN
           (SELECT * FROM "ProvisioningStep" WHERE service = '${service}' AND step = '${step}' LIMIT 1) f`,
    ),
  ])
  return Array.from({ length: tenants }, (_, index) => ({
    id: `0190a5b0-0000-7000-8000-${(index + 1).toString(16).padStart(12, '0')}`,
    slug: `crowd-${index + 1}`,
  }))
}

/** Takes what a sweep found of everybody for what was kept when their steps were done. */
export async function keepWhatWasFound(url: string): Promise<void> {
  await run(url, [
    `INSERT INTO "ProvisionedResource" (id, "tenantId", service, step, kind, name, "externalId", fingerprint)
     SELECT id, "tenantId", service, step, kind, name, "externalId", found FROM "ResourceDrift"
     WHERE what = 'unknown' AND "tenantId" IS NOT NULL`,
    `UPDATE "ProvisioningStep" SET "externalId" =
       (SELECT thing FROM "ResourceDrift" d WHERE d."tenantId" = "ProvisioningStep"."tenantId" AND d.service = 'ocis')
     WHERE service = 'ocis' AND "externalId" IS NULL`,
    'DELETE FROM "ResourceDrift"',
    'UPDATE "ProvisioningWork" SET "checkedAt" = NULL',
  ])
}

async function run(url: string, sqls: readonly string[]): Promise<void> {
  if (url.startsWith('file:')) {
    const database = new DatabaseSync(url.slice('file:'.length))
    try {
      for (const sql of ['BEGIN', ...sqls, 'COMMIT', 'ANALYZE']) database.exec(sql)
    } finally {
      database.close()
    }
    return
  }
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    for (const sql of ['BEGIN', ...sqls, 'COMMIT', 'ANALYZE']) await client.query(sql)
  } finally {
    await client.end()
  }
}

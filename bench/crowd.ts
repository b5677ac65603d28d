import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'

/** Rows that a database is filled with, by copying those that Tenantry has made: it must not run meanwhile. */
export interface Crowd {
  /** So many tenants in all. */
  tenants: number
  /** How many of them, from the first on, each user is made a member of. */
  memberships: Record<string, number>
}

const made = "'0190a5b0-0000-7000-8000-'"

/** Statements that both databases understand, but for how a number is written as twelve hexadecimal digits. */
function statements(isSqlite: boolean, { tenants, memberships }: Crowd): string[] {
  const hex = (n: string) => (isSqlite ? `printf('%012x', ${n})` : `lpad(to_hex(${n}), 12, '0')`)
  const series = (most: number) =>
    `WITH RECURSIVE series(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM series WHERE n < ${most})`
  const first = '(SELECT * FROM "Tenant" ORDER BY id LIMIT 1)'
  const plan = '(SELECT * FROM "Subscription" LIMIT 1)'
  const member = '(SELECT * FROM "Membership" LIMIT 1)'
  const number = isSqlite ? 'CAST(n AS TEXT)' : 'n::text'
  return [
    `${series(tenants)} INSERT INTO "Tenant" (id, slug, name, "nameKey", status, "createdAt", "updatedAt", version)
     SELECT ${made} || ${hex('n')}, 'crowd-' || ${number}, 'Crowd', 'crowd', f.status, f."createdAt", f."updatedAt", 1
     FROM series CROSS JOIN ${first} f`,
    `${series(tenants)} INSERT INTO "Subscription" (id, "tenantId", plan, "createdAt", "updatedAt", version)
     SELECT ${made} || ${hex('n + 1000000')}, ${made} || ${hex('n')}, f.plan, f."createdAt", f."updatedAt", 1
     FROM series CROSS JOIN ${plan} f`,
    ...Object.entries(memberships).map(
      ([userId, many], i) =>
        `${series(many)} INSERT INTO "Membership"
           (id, "tenantId", "userId", role, source, "createdAt", "updatedAt", version)
         SELECT ${made} || ${hex(`n + ${(i + 2) * 1_000_000}`)}, ${made} || ${hex('n')}, '${userId}',
           f.role, f.source, f."createdAt", f."updatedAt", 1
         FROM series CROSS JOIN ${member} f`,
    ),
  ]
}

/** Adds tenants `crowd-1`, `crowd-2` and so on, and memberships in them. */
export async function fillDatabase(url: string, crowd: Crowd): Promise<void> {
  if (url.startsWith('file:')) {
    const database = new DatabaseSync(url.slice('file:'.length))
    try {
      for (const sql of ['BEGIN', ...statements(true, crowd), 'COMMIT', 'ANALYZE']) database.exec(sql)
    } finally {
      database.close()
    }
    return
  }
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    for (const sql of ['BEGIN', ...statements(false, crowd), 'COMMIT', 'ANALYZE']) await client.query(sql)
  } finally {
    await client.end()
  }
}

import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'

export const membersOfEach = 4
const made = "'0190a5b1-0000-7000-8000-'"

/** Statements that both databases understand, but for how a number is written as text. */
function statements(isSqlite: boolean): string[] {
  const hex = (n: string) => (isSqlite ? `printf('%012x', ${n})` : `lpad(to_hex((${n})::int), 12, '0')`)
  const text = (n: string) => (isSqlite ? `CAST(${n} AS TEXT)` : `(${n})::text`)
  const numbered = `numbered AS (SELECT t.*, row_number() OVER (ORDER BY t.id) AS n FROM "Tenant" t)`
  const places = `places(m) AS (SELECT 1 UNION ALL SELECT m + 1 FROM places WHERE m < ${membersOfEach})`
  const person = `n * 10 + m`
  return [
    `WITH RECURSIVE ${places}, ${numbered}
     INSERT INTO "User" (id, email, name, "nameKey", "platformRole", "roleSource", status, "createdAt", "updatedAt", version)
     SELECT ${made} || ${hex(person)}, 'person-' || ${text(person)} || '@' || slug || '.people.example', 'Person ' || ${text(person)},
       'person ' || ${text(person)}, 'user', f."roleSource", f.status, f."createdAt", f."updatedAt", 1
     FROM numbered CROSS JOIN places CROSS JOIN (SELECT * FROM "User" LIMIT 1) f`,
    `WITH RECURSIVE ${places}, ${numbered}
     INSERT INTO "Membership" (id, "tenantId", "userId", role, source, mailbox, "createdAt", "updatedAt", version)
     SELECT ${made} || ${hex(person)}, numbered.id, ${made} || ${hex(person)}, f.role, f.source,
       'person-' || ${text(person)}, f."createdAt", f."updatedAt", 1
     FROM numbered CROSS JOIN places CROSS JOIN (SELECT * FROM "Membership" LIMIT 1) f`,
    // Of each tenant the first is the owner, in the place of the operator who made it.
    `DELETE FROM "Membership" WHERE mailbox IS NULL`,
    `UPDATE "Membership" SET role = 'member' WHERE mailbox NOT LIKE '%1'`,
    `WITH ${numbered}
     INSERT INTO "Domain" (id, "tenantId", name, challenge, "createdAt", "updatedAt", "verifiedAt", "verifiedName", "checkedAt")
     SELECT ${made} || ${hex('n')}, id, slug || '.example', 'bench', "createdAt", "createdAt", "createdAt",
       slug || '.example', "createdAt"
     FROM numbered`,
  ]
}

/**
 * Gives every tenant four members of its own, the first of them the owner, with a mailbox each, an address of their
 * organization's domain, and a verified domain:
 * by SQL, since the API takes seconds for some hundreds. On SQLite, Tenantry must not run meanwhile.
 *
 * @returns the addresses of all of them
 */
export async function giveMembers(url: string): Promise<string[]> {
  const select = `SELECT email FROM "User" WHERE email LIKE '%.people.example'`
  if (url.startsWith('file:')) {
    const database = new DatabaseSync(url.slice('file:'.length))
    try {
      for (const sql of ['BEGIN', ...statements(true), 'COMMIT', 'ANALYZE']) database.exec(sql)
      return database
        .prepare(select)
        .all()
        .map((row) => String(row.email))
    } finally {
      database.close()
    }
  }
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    for (const sql of ['BEGIN', ...statements(false), 'COMMIT', 'ANALYZE']) await client.query(sql)
    return (await client.query<{ email: string }>(select)).rows.map(({ email }) => email)
  } finally {
    await client.end()
  }
}

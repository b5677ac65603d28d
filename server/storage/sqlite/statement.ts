import type Libsql from 'libsql'

type Value = null | string | number | bigint | boolean | ArrayBuffer | Uint8Array

/** As Prisma's adapter gives it. */
export interface Statement {
  sql: string
  args?: Value[]
}

/** Settings can't be changed inside of a transaction, and neither can the file be compacted. */
export function readsOnly(sql: string): boolean {
  return /^\s*(SELECT|PRAGMA|EXPLAIN|VACUUM)\b/i.test(sql)
}

/** A statement, and what its rows will look like; without columns where it gives none. */
export function prepare(database: Libsql.Database, sql: string) {
  const statement = database.prepare(sql)
  if (!statement.reader) return { statement, columns: [], columnTypes: [] }
  statement.raw(true)
  statement.safeIntegers(true)
  const columns = statement.columns()
  return {
    statement,
    columns: columns.map(({ name }) => name),
    columnTypes: columns.map(({ type }) => type ?? ''),
  }
}

/** The driver binds every number as a real; whole ones are meant as integers. */
export function toSqlite(value: Value) {
  if (typeof value === 'boolean') return value ? 1n : 0n
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value
  return value instanceof ArrayBuffer ? Buffer.from(value) : value
}

/** Integers become numbers where those can hold them; the adapter takes both. */
export function fromSqlite(value: unknown): unknown {
  if (typeof value === 'bigint') {
    const number = Number(value)
    return Number.isSafeInteger(number) ? number : value
  }
  return value instanceof Uint8Array ? new Uint8Array(value).buffer : value
}

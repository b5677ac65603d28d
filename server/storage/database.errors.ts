/** The database is out of reach, as found out by ourselves; see `isDatabaseUnavailable` for all the others. */
export class DatabaseUnavailable extends Error {
  override readonly name = 'DatabaseUnavailable'
}

/** A row would have been the second with the same unique value; where columns are given, in one of these alone. */
export function isUniqueViolation(error: unknown, ...columns: string[]): boolean {
  const { prisma, kind, constraint } = examine(error)
  if (prisma !== 'P2002' && kind !== 'UniqueConstraintViolation') return false
  return columns.length === 0 || columns.some((column) => columnsOf(constraint).includes(column))
}

/** An update or a delete found no row to change. */
export function isRecordNotFound(error: unknown): boolean {
  return examine(error).prisma === 'P2025'
}

/** The database refused because of a concurrent writer; the same transaction can succeed when it runs again. */
export function isWriteConflict(error: unknown): boolean {
  const { prisma, kind, database } = examine(error)
  if (prisma === 'P2034' || kind === 'TransactionWriteConflict') return true
  return isBusy(error) || ['40001', '40P01'].includes(database)
}

/** Another process holds SQLite's lock. */
export function isBusy(error: unknown): boolean {
  return [5, 6].includes(sqliteResult(examine(error).database))
}

/** The database has no such table: it was never migrated. */
export function isTableMissing(error: unknown): boolean {
  return examine(error).kind === 'TableDoesNotExist'
}

/**
 * The database did not do what it was asked because it is away, overloaded, full, or refuses us: nothing that the
 * caller sent is at fault, and the same request can succeed later. Write conflicts count where retrying gave up.
 */
export function isDatabaseUnavailable(error: unknown): boolean {
  if (error instanceof DatabaseUnavailable || isWriteConflict(error)) return true
  const { prisma, kind, database, message } = examine(error)
  if (kind !== '' && unavailableKinds.has(kind)) return true
  if (prisma !== '' && unavailablePrisma.has(prisma)) return true
  if (unavailableState.test(database) || networkCodes.has(database)) return true
  return unavailableSqlite.has(sqliteResult(database)) || unavailableMessage.test(message)
}

const unavailableKinds = new Set([
  'AuthenticationFailed',
  'ConnectionClosed',
  'DatabaseAccessDenied',
  'DatabaseDoesNotExist',
  'DatabaseNotReachable',
  'SocketTimeout',
  'TlsConnectionError',
  'TooManyConnections',
])

/** https://www.prisma.io/docs/orm/reference/error-reference: no connection, P2024 and P2028 no turn in time. */
const unavailablePrisma = new Set([
  'P1000',
  'P1001',
  'P1002',
  'P1003',
  'P1008',
  'P1010',
  'P1011',
  'P1017',
  'P2024',
  'P2028',
  'P2037',
])

/**
 * SQLSTATE: connection exceptions, refused credentials, a standby that only reads, no such database, out of
 * resources, lock and statement time-outs, shutdown, system errors.
 */
const unavailableState = /^(08...|28...|25006|3D000|53...|55P03|57014|57P0.|58...)$/

const networkCodes = new Set([
  'EAI_AGAIN',
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
])

/** PERM, READONLY, IOERR, CORRUPT, FULL, CANTOPEN, PROTOCOL, NOTADB. */
const unavailableSqlite = new Set([3, 8, 10, 11, 13, 14, 15, 26])

/** What pg and its pool throw without a code. */
const unavailableMessage =
  /^(timeout exceeded when trying to connect|Connection terminated|Query read timeout|Client has encountered a connection error|Client was closed|Cannot use a pool after calling end)/

/** What is known of an error that came through Prisma, its adapter or the driver; empty where nothing is. */
export interface Failure {
  /** Prisma's code, such as P2002. */
  prisma: string
  /** The adapter's, such as SocketTimeout. */
  kind: string
  /** SQLSTATE, SQLite's extended result in decimal, or the system's, such as ECONNRESET. */
  database: string
  constraint: unknown
  message: string
}

export function examine(error: unknown): Failure {
  const code = text(field(error, 'code'))
  const driver = field(field(error, 'meta'), 'driverAdapterError') ?? error
  const cause = field(driver, 'cause')
  return {
    prisma: /^P\d{4}$/.test(code) ? code : '',
    kind: text(field(cause, 'kind')),
    database: text(field(cause, 'originalCode')) || text(field(error, 'rawCode')) || code,
    constraint: field(cause, 'constraint'),
    message: text(field(error, 'message')),
  }
}

/** The columns of a constraint: SQLite names them, PostgreSQL names the index, `Table_column_column_key`. */
function columnsOf(constraint: unknown): unknown[] {
  const fields = field(constraint, 'fields')
  if (Array.isArray(fields)) return fields
  return text(field(constraint, 'index')).split('_').slice(1, -1)
}

/** SQLite's primary result code; 0 where the text is none. SQLSTATEs have five characters, results up to four. */
function sqliteResult(database: string): number {
  return /^\d{1,4}$/.test(database) ? Number(database) & 0xff : 0
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}

function text(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}

import { examine, isDatabaseUnavailable } from './database.errors'
import { providerOf } from './database-url'

const silent = 'it does not answer. Start it, or correct host and port in DATABASE_URL.'

/** By the adapter's name for what went wrong: why, and what to do. */
const remedies: Record<string, string> = {
  AuthenticationFailed: 'it refuses the user or the password. Correct them in DATABASE_URL.',
  DatabaseAccessDenied:
    'it does not let that user in. Grant CONNECT to the user, or name another in DATABASE_URL.',
  DatabaseDoesNotExist: 'it has no such database. Create it, or correct its name in DATABASE_URL.',
  TlsConnectionError:
    'no encrypted connection came about. Correct sslmode in DATABASE_URL, or the certificate.',
  DatabaseNotReachable: silent,
  TooManyConnections: 'it has no connection left. Raise its max_connections, or lower DATABASE_POOL_MAX.',
}

/**
 * What an operator is told when the first question to PostgreSQL fails: DATABASE_URL without its password, the reason
 * and the remedy.
 *
 * @returns undefined where the error is another, or where the database is a file, whose errors say it themselves
 */
export function unreachableInWords(error: unknown, url: string): string | undefined {
  if (providerOf(url) !== 'postgresql' || !isDatabaseUnavailable(error)) return undefined
  const { hostname, port, username, pathname } = new URL(url)
  const place = `${hostname || 'localhost'}:${port || 5432}`
  const where = `PostgreSQL at ${place} (database ${pathname.slice(1)}, user ${username || 'not named'})`
  return `DATABASE_URL: ${where} can't be used: ${reasonOf(error)}`
}

function reasonOf(error: unknown): string {
  const { kind, message } = examine(error)
  const remedy = remedies[kind]
  if (remedy) return remedy
  // It answers, but with something else: that it is starting up, for instance.
  const words = /Message: `([^`]+)`/.exec(message)?.[1]
  return words ? `it says “${words}”. Start Tenantry again when that is over.` : silent
}

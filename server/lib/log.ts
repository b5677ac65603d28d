import pino from 'pino'

/** What code logs through: one JSON line on stdout for each call, fields first, then the message. */
export type Log = Pick<pino.Logger, 'debug' | 'info' | 'warn' | 'error'>

/** Levels that LOG_LEVEL takes. */
export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const
export type LogLevel = (typeof logLevels)[number]

const secretFields = [
  'password',
  'token',
  'secret',
  'authorization',
  'cookie',
  'passwordHash',
  'tokenHash',
  'value',
]

/**
 * Makes the process's log.
 * Fields whose name is a secret's are replaced by `[redacted]`, at the top and one level below; code must
 * not rely on that, and does not log them.
 *
 * @param destination where lines go; stdout unless a test takes them
 */
export function createLog(level: LogLevel, destination?: pino.DestinationStream): Log {
  const redact = { paths: secretFields.flatMap((field) => [field, `*.${field}`]), censor: '[redacted]' }
  const options = { level, base: undefined, redact, timestamp: pino.stdTimeFunctions.isoTime }
  // Pino's own default flushes at exit, and tries for ever where nobody reads stdout any more.
  return pino(options, destination ?? pino.destination({ fd: 1, sync: true }))
}

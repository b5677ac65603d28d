import { accessSync, chmodSync, closeSync, constants, openSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ensureFolder } from '../folder'

/**
 * The path that a SQLite URL names.
 *
 * @param url `file:` and a path, absolute or relative to the working directory, or a `file:///` URL
 * @throws Error naming DATABASE_URL where it names no file
 */
export function sqlitePath(url: string): string {
  const path = url.startsWith('file://') ? fileURLToPath(url) : url.slice('file:'.length)
  if (path === '' || path.startsWith(':') || /[?#]/.test(path)) {
    throw new Error('DATABASE_URL must be file: and the path of a file, such as file:./data/tenantry.db')
  }
  return resolve(path)
}

/**
 * Makes the file and its folder, for their owner alone (0600 in 0700), where they are absent.
 *
 * @throws Error naming DATABASE_URL and DATA_DIR and the remedy where they can't be written
 */
export function prepareSqliteFile(path: string): void {
  const folder = dirname(path)
  try {
    ensureFolder(folder)
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK)
    closeSync(openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600))
    const { mode, uid } = statSync(path)
    if ((mode & 0o077) !== 0 && uid === process.getuid?.()) chmodSync(path, 0o600)
  } catch (error) {
    throw unusable(path, error instanceof Error ? error.message : String(error), error)
  }
}

/** The one message for a SQLite file that can't be used, whatever found it out. */
export function unusable(path: string, reason: string, cause: unknown): Error {
  const remedy = `Let user ${process.getuid?.() ?? 'id'} write to ${dirname(path)}, or set DATA_DIR or DATABASE_URL to a place that can be written.`
  return new Error(`The database file ${path} (DATABASE_URL) can't be used: ${reason}. ${remedy}`, { cause })
}

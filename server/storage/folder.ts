import { existsSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * Makes a folder and those above it, for their owner alone (0700), where they are absent.
 * Node's own recursive mkdir never ends where the file system refuses with ENOENT below a folder that is there, as
 * /proc does.
 *
 * @throws the system's error where it can't be made
 */
export function ensureFolder(path: string): void {
  if (existsSync(path)) return
  const parent = dirname(path)
  if (parent !== path) ensureFolder(parent)
  try {
    mkdirSync(path, { mode: 0o700 })
  } catch (error) {
    // Made by somebody else meanwhile.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}

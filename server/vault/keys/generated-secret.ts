import { randomBytes } from 'node:crypto'
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ensureFolder } from '#server/storage/folder'
import type { MasterSecret } from './master-secret'

/** Name of the generated key's file within the data folder. */
export const masterKeyFile = 'master.key'

/**
 * The master secret of a single container: read from the data folder, or generated into it on the first start (file
 * mode 0600). Of several processes that start at once, one generates and all read the same.
 *
 * @throws Error in words for an operator where the folder can't be used or the file does not hold a key
 */
export function generatedSecret(dataDir: string): MasterSecret {
  const file = join(dataDir, masterKeyFile)
  try {
    ensureFolder(dataDir)
    return { kind: 'random', bytes: readMasterKey(file) ?? generateMasterKey(file) }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (!code) throw error
    const words = `DATA_DIR: ${file} can't be read or written (${code}). Make the folder writable, or set MASTER_KEY.`
    throw new Error(words, { cause: error })
  }
}

function readMasterKey(file: string): Buffer | undefined {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  const key = Buffer.from(text.trim(), 'base64')
  if (key.length !== 32)
    throw new Error(
      `${file} does not hold a master key of 32 bytes in base64. Restore it from a backup, or set MASTER_KEY.`,
    )
  return key
}

function generateMasterKey(file: string): Buffer {
  const draft = `${file}.${randomBytes(8).toString('hex')}`
  writeFileSync(draft, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600, flush: true })
  try {
    // A link is made only where there is no file yet, and the file it makes is whole from the first moment.
    linkSync(draft, file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    rmSync(draft)
  }
  const key = readMasterKey(file)
  if (!key) throw new Error(`${file} vanished while the server started.`)
  return key
}

import { open, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '#server/lib/errors'
import { VaultUnavailable } from '../vault.errors'
import type { StoredVersion, VaultBackend } from './backend.port'

type Content = Omit<StoredVersion, 'version'>

export const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? 'unknown'

/** Undefined where what was asked for is not there. */
export async function unlessAbsent<Result>(work: Promise<Result>): Promise<Result | undefined> {
  try {
    return await work
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}

/** A version's file, whole. */
export const wholeFile = ({ writtenAt, sealed }: Content): string => `${writtenAt}\n${sealed}`

/** Of a whole file, or of its first bytes. What is not ours has no time, and is no envelope. */
export function parseFile(text: string): Content {
  const [whole, digits] = /^(\d{1,15})\n/.exec(text) ?? []
  if (whole === undefined) return { writtenAt: 0, sealed: text }
  return { writtenAt: Number(digits), sealed: text.slice(whole.length) }
}

/** The versions among a folder's names, newest first. */
export function sortedVersions(names: readonly string[]): number[] {
  return names
    .filter((name) => /^[1-9]\d{0,9}$/.test(name))
    .map(Number)
    .sort((one, other) => other - one)
}

/** A name that was made is there after a loss of power only once its folder is synced. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/** Removes what is in a folder and was not changed for so long. */
export async function clean(folder: string, seconds: number): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name)
    const found = await unlessAbsent(stat(path))
    if (found && Date.now() - found.mtimeMs >= seconds * 1000)
      await rm(path, { recursive: true, force: true })
  }
}

/** The same backend, its failures as those of a store that is away. */
export function guarded(backend: VaultBackend): VaultBackend {
  const guard =
    <Args extends unknown[], Result>(work: (...args: Args) => Promise<Result>) =>
    async (...args: Args) => {
      try {
        return await work(...args)
      } catch (error) {
        throw error instanceof AppError ? error : new VaultUnavailable(error)
      }
    }
  return {
    newest: guard(backend.newest),
    append: guard(backend.append),
    read: guard(backend.read),
    versions: guard(backend.versions),
    remove: guard(backend.remove),
    list: guard(backend.list),
    removeVault: guard(backend.removeVault),
    ping: guard(backend.ping),
    close: guard(backend.close),
  }
}

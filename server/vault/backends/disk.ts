import { constants } from 'node:fs'
import {
  access,
  link,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  truncate,
  unlink,
} from 'node:fs/promises'
import { join } from 'node:path'
import { keptVersions } from '#shared/contracts/vaults'
import { newId } from '#server/lib/ids'
import { ensureFolder } from '#server/storage/folder'
import type { Entry, StoredVersion, VaultBackend } from './backend.port'
import { listDisk } from './disk-list'
import {
  clean,
  codeOf,
  guarded,
  parseFile,
  sortedVersions,
  syncFolder,
  unlessAbsent,
  wholeFile,
} from './disk-files'

/** What a crash left of a draft is removed after so long. */
const draftSeconds = 60
/** The name of a version that is no longer kept is given up after so long: see `trim`. */
const nameSeconds = 60

/**
 * The vault on disk, for one container: `<folder>/<vault>/<service>/<name>/<version>`, a file for each version. Its
 * first line is when it was written, in milliseconds since 1970; the rest is the sealed text.
 *
 * A version is written to a draft, synced, and then given its name by a link, which fails where the name is taken. So
 * it is whole or not there, whenever the process is killed.
 *
 * @param folder made where it is absent, for its owner alone
 * @throws Error in words for an operator where it can't be used
 */
export async function openDiskBackend(folder: string): Promise<VaultBackend> {
  const drafts = join(folder, '.drafts')
  const removed = join(folder, '.removed')
  try {
    for (const path of [folder, drafts, removed]) ensureFolder(path)
    await access(folder, constants.R_OK | constants.W_OK | constants.X_OK)
    await clean(drafts, draftSeconds)
    await clean(removed, 0)
  } catch (error) {
    const words = `DATA_DIR: ${folder} can't be used for the vault (${codeOf(error)}). Make the folder writable.`
    throw new Error(words, { cause: error })
  }

  const folderOf = ({ vaultId, service, name }: Entry) => join(folder, vaultId, service, name)
  const versionsOf = async (entry: Entry) =>
    sortedVersions((await unlessAbsent(readdir(folderOf(entry)))) ?? [])
  const newestOf = async (entry: Entry) => (await versionsOf(entry))[0] ?? 0

  async function readVersion(entry: Entry, version: number): Promise<StoredVersion | null> {
    const text = await unlessAbsent(readFile(join(folderOf(entry), String(version)), 'utf8'))
    return text === undefined ? null : { version, ...parseFile(text) }
  }

  async function append(entry: Entry, { version, ...content }: StoredVersion): Promise<boolean> {
    const begun = performance.now()
    if ((await newestOf(entry)) !== version - 1) return false
    const draft = join(drafts, newId())
    try {
      const file = await open(draft, 'wx', 0o600)
      try {
        await file.writeFile(wholeFile(content))
        await file.sync()
      } finally {
        await file.close()
      }
      if (version === 1) await makeFolder(entry)
      if (performance.now() - begun > nameSeconds * 500) return false
      await link(draft, join(folderOf(entry), String(version)))
      await syncFolder(folderOf(entry))
    } catch (error) {
      // Taken by another, or removed with its folder; or the draft was taken for one that a crash left.
      if (['EEXIST', 'ENOENT'].includes(codeOf(error))) return false
      throw error
    } finally {
      await unlessAbsent(unlink(draft))
    }
    return true
  }

  async function makeFolder({ vaultId, service, name }: Entry): Promise<void> {
    let path = folder
    for (const part of [vaultId, service, name]) {
      const parent = path
      path = join(parent, part)
      const made = await mkdir(path, { mode: 0o700 }).then(
        () => true,
        (error: unknown) => {
          if (codeOf(error) !== 'EEXIST') throw error
          return false
        },
      )
      if (made) await syncFolder(parent)
    }
  }

  /**
   * Empties what is no longer kept. An emptied file's name stays for a while: a writer that is slow, and believes that
   * this version is the next, must find it taken.
   */
  async function trim(entry: Entry): Promise<void> {
    const all = await versionsOf(entry)
    for (const version of all.filter((version) => version <= (all[0] ?? 0) - keptVersions)) {
      const path = join(folderOf(entry), String(version))
      const found = await unlessAbsent(stat(path))
      if (found && found.size > 0) await unlessAbsent(truncate(path))
      else if (found && Date.now() - found.mtimeMs > nameSeconds * 1000) await unlessAbsent(unlink(path))
    }
  }

  async function moveAway(path: string): Promise<boolean> {
    const away = join(removed, newId())
    const moved = await unlessAbsent(rename(path, away).then(() => true))
    if (!moved) return false
    await syncFolder(join(path, '..'))
    await rm(away, { recursive: true, force: true })
    return true
  }

  return guarded({
    newest: newestOf,

    async append(entry, stored) {
      const done = await append(entry, stored)
      if (done && stored.version > keptVersions) await trim(entry)
      return done
    },

    async read(entry, version) {
      for (;;) {
        const newest = await newestOf(entry)
        const wanted = version ?? newest
        if (wanted < 1 || wanted > newest || wanted <= newest - keptVersions) return null
        const found = await readVersion(entry, wanted)
        // It can have been overtaken by others since, emptied or removed.
        const isOvertaken = !found?.sealed && (await newestOf(entry)) !== newest
        if (!isOvertaken) return found
      }
    },

    async versions(entry) {
      const all = await versionsOf(entry)
      const kept = all.filter((version) => version > (all[0] ?? 0) - keptVersions)
      const found = await Promise.all(kept.map((version) => readVersion(entry, version)))
      return found.filter((stored) => stored !== null)
    },

    remove: (entry) => moveAway(folderOf(entry)),
    list: (vaultId, page) => listDisk(join(folder, vaultId), page),
    removeVault: async (vaultId) => void (await moveAway(join(folder, vaultId))),
    ping: () => access(folder, constants.R_OK | constants.W_OK | constants.X_OK),
    close: () => Promise.resolve(),
  })
}

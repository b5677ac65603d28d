import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { ListedEntry, ListPage } from './backend.port'
import { parseFile, sortedVersions, unlessAbsent } from './disk-files'
import { boundsOf, isWithin, mayHave } from './page'

/** Enough for the first line of a version's file. */
const headBytes = 16
/** So many entries are looked at at once. */
const atOnce = 32

const sortedNames = async (folder: string): Promise<string[]> =>
  ((await unlessAbsent(readdir(folder))) ?? []).sort()

/** A page of a vault's folder: names are listed, and of each entry's newest version the first line is read. */
export async function listDisk(folder: string, page: ListPage): Promise<ListedEntry[]> {
  const bounds = boundsOf(page)
  const listed: ListedEntry[] = []
  for (const service of (await sortedNames(folder)).filter((name) => mayHave(bounds, name))) {
    const names = (await sortedNames(join(folder, service))).filter((name) => isWithin(bounds, service, name))
    for (let start = 0; start < names.length && listed.length < page.limit; start += atOnce) {
      const some = names.slice(start, start + Math.min(atOnce, page.limit - listed.length))
      const found = await Promise.all(some.map((name) => look(join(folder, service), service, name)))
      listed.push(...found.filter((entry) => entry !== undefined))
    }
    if (listed.length >= page.limit) break
  }
  return listed
}

async function look(folder: string, service: string, name: string): Promise<ListedEntry | undefined> {
  const path = join(folder, name)
  const [version] = sortedVersions((await unlessAbsent(readdir(path))) ?? [])
  if (version === undefined) return undefined
  const file = await unlessAbsent(open(join(path, String(version)), 'r'))
  if (!file) return undefined
  try {
    const { bytesRead, buffer } = await file.read({ buffer: Buffer.alloc(headBytes), length: headBytes })
    const { writtenAt } = parseFile(buffer.toString('latin1', 0, bytesRead))
    return { service, name, version, writtenAt }
  } finally {
    await file.close()
  }
}

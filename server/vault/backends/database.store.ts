import { keptVersions } from '#shared/contracts/vaults'
import type { Database } from '#server/storage/database'
import { isDatabaseUnavailable, isWriteConflict } from '#server/storage/database.errors'
import { VaultUnavailable } from '../vault.errors'
import type { ListedEntry, StoredVersion, VaultBackend } from './backend.port'
import { boundsOf } from './page'

/** Above every character of a service or name. */
const beyond = '\u007f'
/** Rows of an entry, emptied ones included, beyond which the oldest go. */
const keptRows = 100

type Row = Omit<ListedEntry, 'version' | 'writtenAt'> & { version: number | bigint; writtenAt: bigint }

const toStored = (row: { version: number; sealed: string; writtenAt: bigint }): StoredVersion => ({
  version: row.version,
  sealed: row.sealed,
  writtenAt: Number(row.writtenAt),
})

const columns = { version: true, sealed: true, writtenAt: true } as const
const newestFirst = { version: 'desc' } as const

/** The vault in the database: the table VaultBlob, a row for each version. */
export function openDatabaseBackend(database: Database): VaultBackend {
  const { vaultBlob } = database.client

  /** One statement, so that no transaction is held. */
  async function append({ vaultId, service, name }: WholeEntry, stored: StoredVersion): Promise<boolean> {
    const { version, sealed, writtenAt } = stored
    const written = await database.client.$executeRaw`
      INSERT INTO "VaultBlob" ("vaultId", "service", "name", "version", "sealed", "writtenAt")
      SELECT ${vaultId}, ${service}, ${name}, ${version}, ${sealed}, ${BigInt(writtenAt)}
      WHERE ${version - 1} = (
        SELECT COALESCE(MAX("version"), 0) FROM "VaultBlob"
        WHERE "vaultId" = ${vaultId} AND "service" = ${service} AND "name" = ${name}
      )
      ON CONFLICT DO NOTHING`
    return written === 1
  }

  /**
   * Empties what is no longer kept. The rows stay for a while: a writer that is slow, and believes that such a version
   * is the next, must find it taken.
   */
  async function trim(where: WholeEntry, newest: number): Promise<void> {
    const forgotten = { ...where, version: { lte: newest - keptVersions }, sealed: { not: '' } }
    await vaultBlob.updateMany({ where: forgotten, data: { sealed: '' } })
    if (newest % keptRows === 0)
      await vaultBlob.deleteMany({ where: { ...where, version: { lte: newest - keptRows } } })
  }

  const keptOf = async (where: WholeEntry): Promise<StoredVersion[]> => {
    const rows = await vaultBlob.findMany({
      where,
      select: columns,
      orderBy: newestFirst,
      take: keptVersions,
    })
    return rows.map(toStored)
  }

  return {
    newest: (entry) =>
      asked(async () => {
        const where = wholeOf(entry)
        const found = await vaultBlob.findFirst({ where, select: { version: true }, orderBy: newestFirst })
        return found?.version ?? 0
      }),

    append: (entry, stored) =>
      asked(async () => {
        const where = wholeOf(entry)
        try {
          if (!(await append(where, stored))) return false
        } catch (error) {
          if (isWriteConflict(error)) return false
          throw error
        }
        if (stored.version > keptVersions) await trim(where, stored.version)
        return true
      }),

    read: (entry, version) =>
      asked(async () => {
        const where = wholeOf(entry)
        if (version !== undefined)
          return (await keptOf(where)).find((kept) => kept.version === version) ?? null
        const found = await vaultBlob.findFirst({ where, select: columns, orderBy: newestFirst })
        return found && toStored(found)
      }),

    versions: (entry) => asked(() => keptOf(wholeOf(entry))),

    remove: (entry) => asked(async () => (await vaultBlob.deleteMany({ where: wholeOf(entry) })).count > 0),

    list: (vaultId, page) =>
      asked(async () => {
        const { service, name, after } = boundsOf(page)
        const lastService = name === undefined ? service + beyond : service
        const firstName = name ?? ''
        const rows = await database.client.$queryRaw<Row[]>`
          SELECT entry."service", entry."name", entry."version", entry."writtenAt"
          FROM (
            SELECT "service", "name", MAX("version") AS "version" FROM "VaultBlob"
            WHERE "vaultId" = ${vaultId} AND "service" >= ${service} AND "service" <= ${lastService}
              AND "name" >= ${firstName} AND "name" < ${firstName + beyond}
              AND ("service", "name") > (${after.service}, ${after.name})
            GROUP BY "service", "name" ORDER BY "service", "name" LIMIT ${page.limit}
          ) newest
          JOIN "VaultBlob" entry ON entry."vaultId" = ${vaultId} AND entry."service" = newest."service"
            AND entry."name" = newest."name" AND entry."version" = newest."version"
          ORDER BY entry."service", entry."name"`
        return rows.map((row) => ({
          ...row,
          version: Number(row.version),
          writtenAt: Number(row.writtenAt),
        }))
      }),

    removeVault: (vaultId) => asked(async () => void (await vaultBlob.deleteMany({ where: { vaultId } }))),

    ping: () => asked(() => database.ping()),

    // The connection is the database's.
    close: () => Promise.resolve(),
  }
}

type WholeEntry = { vaultId: string; service: string; name: string }

const wholeOf = ({ vaultId, service, name }: WholeEntry): WholeEntry => ({ vaultId, service, name })

/** @throws VaultUnavailable in place of the database's own errors of being away */
async function asked<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    throw isDatabaseUnavailable(error) ? new VaultUnavailable(error) : error
  }
}

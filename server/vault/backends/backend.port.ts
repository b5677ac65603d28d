/** Where a secret lies. The three have no colon, slash or wildcard: the vault sees to it. */
export interface Entry {
  readonly vaultId: string
  readonly service: string
  readonly name: string
}

/** One version of an entry, as it is stored. */
export interface StoredVersion {
  /** 1 for the first. */
  readonly version: number
  readonly sealed: string
  /** Milliseconds since 1970; 0 where what is stored is not ours. */
  readonly writtenAt: number
}

/** What a list shows of an entry's newest version. */
export interface ListedEntry {
  readonly service: string
  readonly name: string
  readonly version: number
  readonly writtenAt: number
}

export interface ListPage {
  /** Start of `service/name`. */
  readonly prefix?: string | undefined
  /** `service/name` of the last entry of the page before. */
  readonly after?: string | undefined
  readonly limit: number
}

/**
 * Keeps sealed texts, shared by all processes that use it. It knows no key and opens nothing; what it gives may have
 * been tampered with. It keeps the last `keptVersions` versions of an entry, and loses the content of older ones.
 *
 * Every method throws `VaultUnavailable` while the store is away.
 */
export interface VaultBackend {
  /** The newest version's number; 0: there is none. */
  newest(entry: Entry): Promise<number>
  /**
   * Adds a version, whole or not at all.
   *
   * @returns false, and does nothing, where it is not the one after the newest: somebody else was first
   */
  append(entry: Entry, version: StoredVersion): Promise<boolean>
  /** @param version default: the newest; older than the kept ones is null */
  read(entry: Entry, version?: number): Promise<StoredVersion | null>
  /** The kept ones, newest first. */
  versions(entry: Entry): Promise<StoredVersion[]>
  /** Removes all versions at once. @returns whether there were any */
  remove(entry: Entry): Promise<boolean>
  /** Ordered by service, then name, each by its bytes. */
  list(vaultId: string, page: ListPage): Promise<ListedEntry[]>
  removeVault(vaultId: string): Promise<void>
  /** Throws, within 5 seconds, where the store does not answer. */
  ping(): Promise<void>
  close(): Promise<void>
}

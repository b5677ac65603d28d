import type { DesiredTenant } from './desired'
import { isDisabled, mayHoldFiles, type Spaces } from './spaces'
import { readStamp } from './stamp'
import type { Drive } from './wire'

/** The spaces of one tenant. */
export interface FoundSpaces {
  /** The one that counts. */
  main: Drive | undefined
  /** Others with the same stamp, by a race or by hand. */
  others: Drive[]
  /** What was set aside before. */
  superseded: Drive[]
  /** What was known as the tenant's, and now carries the stamp of another. */
  foreign: Drive | undefined
}

/**
 * Finds a tenant's spaces by its stamp. The one that is known counts wherever its stamp was not made another's: people
 * may have removed it with the rest of the description. Else, of several, an open one, one that holds files, and
 * that of the least id, in this order, so that everybody settles on the same.
 *
 * @param wanted `main` asks for the known one alone, which is one small call in place of a list of all spaces; others
 * are only found where it is not there
 */
export async function findSpaces(
  spaces: Spaces,
  tenant: Pick<DesiredTenant, 'id'>,
  knownId: string | null,
  wanted: 'main' | 'all',
  signal: AbortSignal,
): Promise<FoundSpaces> {
  if (wanted === 'main' && knownId !== null) {
    const known = await spaces.get(knownId, signal)
    const stamp = known && readStamp(known.description)
    if (known && (!stamp || (stamp.tenantId === tenant.id && !stamp.isSuperseded)))
      return { main: known, others: [], superseded: [], foreign: undefined }
  }
  return sort(await spaces.list(signal), tenant, knownId)
}

function sort(all: readonly Drive[], tenant: Pick<DesiredTenant, 'id'>, knownId: string | null): FoundSpaces {
  const stamped = all.map((drive) => ({ drive, stamp: readStamp(drive.description) }))
  const marked = (isSuperseded: boolean) =>
    stamped
      .filter(({ stamp }) => stamp?.tenantId === tenant.id && stamp.isSuperseded === isSuperseded)
      .map(({ drive }) => drive)
      .sort(bySeniority)
  const known = stamped.find(({ drive }) => drive.id === knownId)
  const ours = marked(false)
  const main = known && (!known.stamp || ours.includes(known.drive)) ? known.drive : ours[0]
  return {
    main,
    others: ours.filter((drive) => drive !== main),
    superseded: marked(true),
    foreign: known?.stamp && known.stamp.tenantId !== tenant.id ? known.drive : undefined,
  }
}

function bySeniority(one: Drive, other: Drive): number {
  if (isDisabled(one) !== isDisabled(other)) return isDisabled(one) ? 1 : -1
  if (mayHoldFiles(one) !== mayHoldFiles(other)) return mayHoldFiles(one) ? -1 : 1
  return one.id < other.id ? -1 : 1
}

/** Remembers where a tenant's space was seen last: a shortcut for steps that know no id yet, checked like one. */
export interface SpaceHints {
  remember(tenantId: string, spaceId: string): void
  recall(tenantId: string): string | null
}

const hintsLimit = 1000

export function createSpaceHints(): SpaceHints {
  const hints = new Map<string, string>()
  return {
    remember(tenantId, spaceId) {
      hints.delete(tenantId)
      hints.set(tenantId, spaceId)
      const [oldest] = hints.keys()
      if (hints.size > hintsLimit && oldest !== undefined) hints.delete(oldest)
    },
    recall: (tenantId) => hints.get(tenantId) ?? null,
  }
}

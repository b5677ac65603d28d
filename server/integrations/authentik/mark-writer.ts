import { survivesJson } from './attributes'
import type { Groups } from './groups'
import { withMarks, type Mark } from './marks'
import type { Group } from './wire'

/** Writes the marks that one plan needs, all of a kind in one call however many they are. */
export interface MarkWriter {
  /** Says that somebody is to be marked as taken out. */
  plan(pk: number, mark: Mark): void
  /** Writes all of those, the first time that it is called: what is to be done is on record before it begins. */
  begin(signal: AbortSignal): Promise<void>
  /** Says that somebody's mark is to go. */
  planRemoval(pk: number): void
  /** Says that somebody's mark can go: with the last of those it does. Cut off before that, they are planned anew. */
  remove(pk: number, signal: AbortSignal): Promise<void>
}

/**
 * Whether a group can be marked. Where one of its attributes can't be written back unchanged nothing is written: people
 * are taken out all the same, and nobody comes back by themselves.
 */
export const canBeMarked = (group: Group) => survivesJson(group.attributes)

/** @param groupOf gives the group, when the first mark is written */
export function createMarkWriter(
  groups: Groups,
  groupOf: (signal: AbortSignal) => Promise<Group>,
): MarkWriter {
  const additions = new Map<number, Mark>()
  const removals = new Set<number>()
  const removable = new Set<number>()
  let begun: Promise<void> | undefined

  async function write(changes: ReadonlyMap<number, Mark | null>, signal: AbortSignal) {
    const group = await groupOf(signal)
    if (changes.size === 0 || !canBeMarked(group)) return
    await groups.changeAttributes(group, (attributes) => withMarks(attributes, changes), signal)
  }

  return {
    plan: (pk, mark) => void additions.set(pk, mark),
    begin(signal) {
      begun ??= write(additions, signal).catch((error: unknown) => {
        begun = undefined
        throw error
      })
      return begun
    },
    planRemoval: (pk) => void removals.add(pk),
    async remove(pk, signal) {
      if (!removals.has(pk)) return
      removable.add(pk)
      if (removable.size < removals.size) return
      await write(new Map([...removable].map((each) => [each, null])), signal)
    },
  }
}

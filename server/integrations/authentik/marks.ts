import { z } from 'zod'
import type { Group } from './wire'

/**
 * What a group's attributes say of those who are not in it because of Tenantry. They belong to one tenant, on which one
 * worker alone works.
 * - `out`: a member was taken out, for good or while the tenant is closed; being a member brings them back
 * - `held`: who was there by hand was taken out while the tenant is closed; they come back with it
 */
export type Mark = 'out' | 'held'

/** Of users by their `pk`. */
export type Marks = ReadonlyMap<number, Mark>
/** Null: none. */
export type MarkChanges = ReadonlyMap<number, Mark | null>

const marksKey = 'tenantryMarks'
const Pks = z.array(z.int()).catch([])
const Kept = z.object({ out: Pks, held: Pks }).catch({ out: [], held: [] })

export function marksOf({ attributes }: Pick<Group, 'attributes'>): Marks {
  const { out, held } = Kept.parse(attributes[marksKey] ?? {})
  const marks = new Map<number, Mark>()
  for (const pk of held) marks.set(pk, 'held')
  for (const pk of out) marks.set(pk, 'out')
  return marks
}

/** A group's attributes with other marks, all others kept: lists of numbers, since every member's session loads them. */
export function withMarks(attributes: Group['attributes'], changes: MarkChanges): Group['attributes'] {
  const marks = new Map<number, Mark | null>([...marksOf({ attributes }), ...changes])
  const carrying = (mark: Mark) =>
    [...marks].flatMap(([pk, it]) => (it === mark ? [pk] : [])).sort((one, other) => one - other)
  const { [marksKey]: _, ...others } = attributes
  const [out, held] = [carrying('out'), carrying('held')]
  if (out.length + held.length === 0) return others
  return { ...others, [marksKey]: { out, held } }
}

import { z } from 'zod'

/** How far a sweep has come with one part of it: a survey, or what follows. */
const Track = z.object({
  /** Which part: `service/step`, or another's name. */
  at: z.string(),
  phase: z.enum(['found', 'missing']),
  /** What did not show is looked for a second time, since pages shift while things come and go. */
  round: z.union([z.literal(1), z.literal(2)]),
  /** Where its next page begins; null: at the start. */
  cursor: z.string().nullable(),
  /** When it began with that, in milliseconds. */
  since: z.number(),
  /** Pages of this round. */
  pages: z.number(),
  /** How often in a row its next page could not be had. */
  attempt: z.number(),
})
export type Track = z.output<typeof Track>

/** How far a sweep has come: all that whoever takes it over needs to know. */
export const Place = z.object({
  /** What it is done with. */
  done: z.array(z.string()),
  /** What it is at; null: whatever is next. */
  track: Track.nullable(),
  /** What failed, and is tried again at a time in milliseconds. */
  resting: z.array(Track.extend({ until: z.number() })),
  /** How many tenants it still is to look at closely; null: not known yet. */
  left: z.number().nullable(),
})
export type Place = z.output<typeof Place>

export const startPlace: Place = { done: [], track: null, resting: [], left: null }

/** What a sweep does next: a part, a while of waiting for one that rests, or nothing any more. */
export type Next = { track: Track; place: Place } | { waitMs: number } | 'over'

/** @param parts in their order @param now in milliseconds */
export function nextOf(place: Place, parts: readonly string[], now: number): Next {
  const { done, track, resting } = place
  if (track) return { track, place }
  const begun = new Set([...done, ...resting.map(({ at }) => at)])
  const fresh = parts.find((part) => !begun.has(part))
  const first = resting.toSorted((one, other) => one.until - other.until)[0]
  if (first && (first.until <= now || fresh === undefined)) {
    if (first.until > now) return { waitMs: first.until - now }
    const { until: _, ...again } = first
    return {
      track: again,
      place: { ...place, track: again, resting: resting.filter((one) => one !== first) },
    }
  }
  if (fresh === undefined) return 'over'
  const begins: Track = {
    ...{ at: fresh, phase: 'found', round: 1, cursor: null },
    ...{ since: now, pages: 0, attempt: 0 },
  }
  return { track: begins, place: { ...place, track: begins } }
}

/** The place where its part has come further. */
export function along(place: Place, change: Partial<Track>): Place {
  return { ...place, track: place.track && { ...place.track, attempt: 0, ...change } }
}

/** The place behind the part that it is at. */
export function behind({ done, track, ...place }: Place): Place {
  return { ...place, done: track === null ? done : [...done, track.at], track: null }
}

/** The place where its part waits until a time in milliseconds, and another may begin. */
export function restingUntil(place: Place, until: number): Place {
  const { track, resting } = place
  if (!track) return place
  return { ...place, track: null, resting: [...resting, { ...track, attempt: track.attempt + 1, until }] }
}

import { addSeconds } from '#server/lib/clock'

/** A use is written down once in so long. */
const notedSeconds = 60

/** Whether a use is to be written down: the last one that was is so long ago. */
export const isUseOld = (lastUsedAt: Date | null, now: Date): boolean =>
  !lastUsedAt || addSeconds(lastUsedAt, notedSeconds) <= now

/** The rows of which that holds: of several who write at once, one alone does. */
export const whereUseIsOld = (now: Date) => ({
  OR: [{ lastUsedAt: null }, { lastUsedAt: { lte: addSeconds(now, -notedSeconds) } }],
})

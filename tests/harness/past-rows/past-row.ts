/** Columns that a table got later. */
interface LaterColumns {
  /** The migration's name, without its time. */
  since: string
  /** What a build of after that writes there. */
  written: Record<string, unknown>
  /** What a row of before that has there, once it is migrated. */
  otherwise: Record<string, unknown>
}

/** A row as a build of long ago wrote it, and what becomes of it. */
export interface PastRow {
  /** The model of today. */
  table: string
  /** The migration that made room for it, without its time. */
  since: string
  values: Record<string, unknown>
  later?: LaterColumns[]
}

/** An id that sorts as its number does. */
export const pastId = (number: number) => `01900000-0000-7000-8000-${String(number).padStart(12, '0')}`

export const [ada, bob, cleo] = [pastId(1), pastId(2), pastId(3)]
export const [acme, young, leaving] = [pastId(11), pastId(12), pastId(13)]
const start = Date.parse('2026-01-02T03:04:05.678Z')
/** A moment so many minutes after the first. */
export const at = (minutes: number) => new Date(start + minutes * 60_000)
export const made = { createdAt: at(0) }
export const changed = { createdAt: at(0), updatedAt: at(1) }
/** What stands for a SHA-256, in hex. */
export const hash = (letter: string) => letter.repeat(64)

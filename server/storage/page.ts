import { z } from 'zod'
import { defineErrors } from '#server/lib/errors'

const pageError = defineErrors({
  'page.unknown_cursor': { status: 422, title: 'The cursor is not one that this list gave.' },
})

/** What a list is asked for; both parsed by the contract's PageQuery. */
export interface PageRequest {
  cursor?: string | undefined
  limit: number
}

export interface Page<Row> {
  items: Row[]
  nextCursor: string | null
}

/** Whether the newest or the oldest row comes first: ids are sorted by time. */
type Order = 'newest first' | 'oldest first'

/**
 * The part of a Prisma query that makes a page, by the rows' own ids. One row more than asked for is read, to
 * know whether another page follows; `toPage` takes it off again.
 *
 * @throws AppError page.unknown_cursor
 */
export function pageOfRows(request: PageRequest, order: Order) {
  const after = request.cursor === undefined ? undefined : parseCursor(request.cursor)
  const beyond = order === 'newest first' ? { lt: after } : { gt: after }
  return {
    where: after === undefined ? {} : { id: beyond },
    orderBy: { id: order === 'newest first' ? ('desc' as const) : ('asc' as const) },
    take: request.limit + 1,
  }
}

/** The page of the rows that a query with `pageOfRows` read. */
export function toPage<Row extends { id: string }>(rows: Row[], request: PageRequest): Page<Row> {
  const items = rows.slice(0, request.limit)
  const last = items.at(-1)
  return { items, nextCursor: rows.length > request.limit && last ? last.id : null }
}

function parseCursor(cursor: string): string {
  const id = z.uuid().safeParse(cursor)
  if (!id.success) throw unknownCursor()
  return id.data
}

/** The error for a cursor that a list did not give. */
export function unknownCursor() {
  return pageError('page.unknown_cursor', { faults: [{ path: 'cursor', message: 'Unknown cursor.' }] })
}

/** A text folded for search: without accents, in lower case. What is stored to be searched is folded so. */
export function searchKey(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()
}

/**
 * What to look for with `startsWith`. Prisma does not escape LIKE's wildcards, and the two databases escape
 * differently: `%` becomes `_`, which finds it and little else.
 */
export function searchPrefix(text: string | undefined): string | undefined {
  return text ? searchKey(text).replace(/[%\\]/g, '_') : undefined
}

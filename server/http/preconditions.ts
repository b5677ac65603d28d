import { sha256 } from '#server/lib/ids'
import { httpError } from './http.errors'

/**
 * The entity tag (RFC 9110 section 8.8.3) of an answer: the record's version, which If-Match is held against, and a hash
 * of what is shown, since an answer may show more than its record, such as the caller's own role.
 */
export function etagOf(version: number, body: unknown): string {
  return `"${version}.${sha256(JSON.stringify(body)).slice(0, 16)}"`
}

/**
 * The version that If-Match wants.
 *
 * @returns undefined where any will do: no header, or `*`
 * @throws AppError precondition.malformed
 */
export function versionFromIfMatch(header: string | undefined): number | undefined {
  if (header === undefined || header.trim() === '*') return undefined
  const version = /^"(\d{1,9})\.[0-9a-f]{16}"$/.exec(header.trim())?.[1]
  if (version === undefined) throw httpError('precondition.malformed')
  return Number(version)
}

/** Whether If-None-Match names this very tag, weak or strong (RFC 9110 section 13.1.2). */
export function isKnownToClient(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false
  return header.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag)
}

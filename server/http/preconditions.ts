import { httpError } from './http.errors'

/** The entity tag (RFC 9110 section 8.8.3) of a record's version. */
export function etagOf(version: number): string {
  return `"${version}"`
}

/**
 * The version that If-Match wants.
 *
 * @returns undefined where any will do: no header, or `*`
 * @throws AppError precondition.malformed
 */
export function versionFromIfMatch(header: string | undefined): number | undefined {
  if (header === undefined || header.trim() === '*') return undefined
  const version = /^"(\d{1,9})"$/.exec(header.trim())?.[1]
  if (version === undefined) throw httpError('precondition.malformed')
  return Number(version)
}

/** Whether If-None-Match names this very tag, weak or strong (RFC 9110 section 13.1.2). */
export function isKnownToClient(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false
  return header.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag)
}

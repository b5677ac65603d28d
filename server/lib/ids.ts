import { createHash, randomBytes } from 'node:crypto'
import { v7 } from 'uuid'

/** A new id: UUIDv7 (RFC 9562 section 5.7), sorted by the time of its making. */
export function newId(): string {
  return v7()
}

/** A new bearer secret: 256 random bits, base64url, 43 characters. */
export function newToken(): string {
  return randomBytes(32).toString('base64url')
}

/** SHA-256 of a text's UTF-8 bytes, hex. What is stored in place of a token. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

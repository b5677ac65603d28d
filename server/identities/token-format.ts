import { crc32 } from 'node:zlib'
import { newToken } from '#server/lib/ids'

/** By which an API token is told from all others, here and by whoever scans for leaked ones. */
export const apiTokenPrefix = 'tnt_'

const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const form = /^tnt_([\w-]{43})([0-9A-Za-z]{6})$/

/** CRC-32 of a text in six digits of base 62: it proves nothing, and tells a token from what only looks like one. */
function checksum(text: string): string {
  let rest = crc32(text)
  let written = ''
  for (let place = 0; place < 6; place += 1) {
    written = (digits[rest % 62] ?? '') + written
    rest = Math.floor(rest / 62)
  }
  return written
}

/** A new API token: `tnt_`, 256 random bits in 43 characters of base64url, and six of their checksum. */
export function newApiToken(): string {
  const random = newToken()
  return `${apiTokenPrefix}${random}${checksum(random)}`
}

/** Whether a text can be an API token of ours: whether there is such a one, the database knows. */
export function isWellFormed(token: string): boolean {
  const [, random = '', sum] = form.exec(token) ?? []
  return sum !== undefined && checksum(random) === sum
}

import { createHmac, randomBytes } from 'node:crypto'

/** How many somebody is given. */
const many = 10
/** Crockford's Base32: nothing in it is mistaken for another. */
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'

/** Makes recovery codes, and knows them again by a keyed hash: 50 random bits each, too few for a plain one. */
export interface RecoveryCodes {
  /** Ten codes such as `k3v9q-0xw2m`. */
  create(): string[]
  /** @param code as somebody typed it @returns what is stored of it */
  hash(userId: string, code: string): string
}

/** @param key from the keyring, for this purpose alone */
export function createRecoveryCodes(key: Buffer): RecoveryCodes {
  return {
    create: () => Array.from({ length: many }, newCode),
    hash: (userId, code) =>
      createHmac('sha256', key)
        .update(`${userId}:${plain(code)}`)
        .digest('base64url'),
  }
}

function newCode(): string {
  const letters = [...randomBytes(10)].map((byte) => alphabet[byte % alphabet.length]).join('')
  return `${letters.slice(0, 5)}-${letters.slice(5)}`
}

/** What people may type otherwise: case, hyphens and blanks, and what looks alike. */
function plain(code: string): string {
  return code
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '')
    .replace(/o/g, '0')
    .replace(/[il]/g, '1')
}

import { createHash, createPublicKey, type KeyObject } from 'node:crypto'
import { base58 } from '@scure/base'

/** Multicodec `ed25519-pub`, as a varint. */
const prefix = Uint8Array.of(0xed, 0x01)
const keyBytes = 32
const form = /^did:key:z[1-9A-HJ-NP-Za-km-z]{40,60}$/

/**
 * The key that a did:key names (did:key method, section 3.1): `z`, then base58btc of 0xED 0x01 and the key.
 *
 * @returns null where it is none of Ed25519 in its one canonical form, or its point is off the curve or of low order:
 *   with such a one anybody can sign
 */
export function keyOfDid(did: string): Uint8Array | null {
  if (!form.test(did)) return null
  const bytes = base58.decode(did.slice('did:key:z'.length))
  if (bytes.length !== prefix.length + keyBytes || bytes[0] !== prefix[0] || bytes[1] !== prefix[1])
    return null
  const key = bytes.slice(prefix.length)
  return didOfKey(key) === did && isSoundPoint(key) ? key : null
}

/** The did:key of an Ed25519 public key's 32 bytes. */
export function didOfKey(key: Uint8Array): string {
  return `did:key:z${base58.encode(Uint8Array.from([...prefix, ...key]))}`
}

/**
 * SHA-256 of a key's 32 bytes in groups of four hex digits, as two people compare it.
 *
 * @throws Error where it is no did:key: what is stored is one
 */
export function fingerprintOf(did: string): string {
  const key = keyOfDid(did)
  if (!key) throw new Error('No did:key of an Ed25519 key')
  const digest = createHash('sha256').update(key).digest('hex')
  return (digest.match(/.{4}/g) ?? []).join(' ')
}

/** Reads keys out of DIDs, and remembers so many: what a DID names never changes. */
export function createDidKeys(most = 5_000): { find(did: string): KeyObject | null } {
  const known = new Map<string, KeyObject>()
  return {
    find(did) {
      const found = known.get(did)
      if (found) return found
      const bytes = keyOfDid(did)
      if (!bytes) return null
      const x = Buffer.from(bytes).toString('base64url')
      const key = createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x } })
      known.set(did, key)
      const [oldest] = known.keys()
      if (known.size > most && oldest !== undefined) known.delete(oldest)
      return key
    },
  }
}

/** Of edwards25519 (RFC 8032 section 5.1). */
const p = 2n ** 255n - 19n
const d = 37095705934669439343138083508754565189542113879843219016388785533085940283555n
const modulo = (n: bigint) => ((n % p) + p) % p

/** Whether 32 bytes are the one encoding of a point on the curve (RFC 8032 section 5.1.3) whose order is not 1, 2, 4 or 8. */
function isSoundPoint(encoded: Uint8Array): boolean {
  const bits = BigInt(`0x${Buffer.from(encoded).reverse().toString('hex')}`)
  const y = bits & (2n ** 255n - 1n)
  if (y >= p) return false
  const y2 = modulo(y * y)
  // y of the neutral point and that of order 2, of those of order 4, of those of order 8: their double has y = 0.
  if (y2 === 1n || y === 0n || modulo(d * y2 * y2 + 2n * y2 - 1n) === 0n) return false
  // x² = u/v has a root where u·v is a square, by Euler's criterion.
  return power(modulo((y2 - 1n) * (d * y2 + 1n)), (p - 1n) / 2n) === 1n
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n
  let square = base
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % p
    square = (square * square) % p
  }
  return result
}

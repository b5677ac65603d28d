import { createHash, createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto'
import { z } from 'zod'
import { canonical, type Head } from '../chain/format'

/** PKCS #8 of an Ed25519 key, up to its seed of 32 bytes (RFC 8410 section 7). */
const beforeSeed = Buffer.from('302e020100300506032b657004220420', 'hex')
/** What the header's `typ` says (RFC 7515 section 4.1.9). */
const kind = 'tenantry-audit-heads+jws'

const Heads = z.array(z.tuple([z.int(), z.int(), z.string()]))

/** What a statement states. */
export const Statement = z.object({
  v: z.literal(1),
  /** Whose audit: the portal's origin. */
  iss: z.string(),
  /** Its own number, from 1 without a gap. */
  sequence: z.int().min(1),
  /** RFC 3339, UTC */
  at: z.iso.datetime(),
  /** SHA-256, hex, of the statement before, as it was written; null for the first. */
  previous: z.string().nullable(),
  /** Chains that moved since the one before: chain, sequence of the newest entry, its hash. */
  heads: Heads,
  /** SHA-256, hex, of the JCS form of all chains' heads that anything was added to, by chain, in the form of `heads`. */
  digest: z.string(),
})
export type Statement = z.output<typeof Statement>

/** Who signs what is said of the audit. */
export interface Signer {
  /** A compact JWS (RFC 7515) by Ed25519 (RFC 8037). */
  sign(statement: Statement): string
  /** A JWK; its `kid` is its thumbprint (RFC 7638). All that a verifier needs. */
  readonly publicKey: { kty: 'OKP'; crv: 'Ed25519'; x: string; kid: string; use: 'sig'; alg: 'EdDSA' }
}

/** @param seed of 32 bytes: `keyring.derive('audit/signing')` */
export function createSigner(seed: Buffer): Signer {
  const key = createPrivateKey({ key: Buffer.concat([beforeSeed, seed]), format: 'der', type: 'pkcs8' })
  const x = createPublicKey(key).export({ format: 'jwk' }).x ?? ''
  const thumbprint = createHash('sha256').update(`{"crv":"Ed25519","kty":"OKP","x":"${x}"}`)
  const kid = thumbprint.digest('base64url')
  const header = encode({ alg: 'EdDSA', kid, typ: kind })
  return {
    publicKey: { kty: 'OKP', crv: 'Ed25519', x, kid, use: 'sig', alg: 'EdDSA' },
    sign(statement) {
      const signed = `${header}.${encode(statement)}`
      return `${signed}.${sign(null, Buffer.from(signed), key).toString('base64url')}`
    },
  }
}

/**
 * Reads a statement that the key signed.
 *
 * @param publicKey the `x` of the JWK will do
 * @returns null where it is none, or anybody else's
 */
export function readStatement(line: string, { x }: { x: string }): Statement | null {
  const [header = '', payload = '', signature = '', ...rest] = line.split('.')
  try {
    const { alg, typ } = decode(header) as Record<string, unknown>
    if (rest.length > 0 || alg !== 'EdDSA' || typ !== kind) return null
    const key: KeyObject = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
    const bytes = Buffer.from(signature, 'base64url')
    if (!verify(null, Buffer.from(`${header}.${payload}`), key, bytes)) return null
    return Statement.parse(decode(payload))
  } catch {
    return null
  }
}

/** Of heads, as a statement has it. */
export function digestOf(heads: readonly Head[]): string {
  const listed = heads
    .filter(({ sequence }) => sequence > 0)
    .sort((one, two) => one.chain - two.chain)
    .map(({ chain, sequence, hash }) => [chain, sequence, hash])
  return createHash('sha256').update(canonical(listed)).digest('hex')
}

const encode = (value: object) => Buffer.from(canonical(value)).toString('base64url')
const decode = (part: string): unknown => JSON.parse(Buffer.from(part, 'base64url').toString('utf8'))

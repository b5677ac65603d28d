import { hkdfSync, randomBytes } from 'node:crypto'

/** What the operator keeps, and the key of all keys is derived from. Never stored by us outside of DATA_DIR. */
export type MasterSecret =
  /** 32 random bytes. */
  | { readonly kind: 'random'; readonly bytes: Buffer }
  /** Words that somebody thought of. */
  | { readonly kind: 'passphrase'; readonly text: string }

/** How a key was derived, as it is stored beside what it seals. */
export interface Derivation {
  readonly derivation: string
  /** base64 */
  readonly salt: string
}

const derivationOf = { random: 'hkdf-sha256', passphrase: 'argon2id' } as const
const saltBytes = { random: 32, passphrase: 16 } as const

/** A derivation for a secret of this kind, with a new salt. */
export function newDerivation({ kind }: MasterSecret): Derivation {
  return { derivation: derivationOf[kind], salt: randomBytes(saltBytes[kind]).toString('base64') }
}

/**
 * The key that wraps all others: 32 bytes by HKDF-SHA-256 (RFC 5869) of a random secret, by Argon2id (RFC 9106, its
 * second recommended choice) of a passphrase.
 *
 * @returns undefined where the derivation is one for another kind of secret
 */
export async function deriveKey(secret: MasterSecret, how: Derivation): Promise<Buffer | undefined> {
  if (how.derivation !== derivationOf[secret.kind]) return undefined
  const salt = Buffer.from(how.salt, 'base64')
  if (secret.kind === 'random')
    return Buffer.from(hkdfSync('sha256', secret.bytes, salt, 'tenantry/master-key', 32))
  // A start without a passphrase is quicker without it.
  const { argon2id, hash } = await import('argon2')
  const cost = { memoryCost: 65_536, timeCost: 3, parallelism: 4, hashLength: 32 }
  return hash(secret.text.normalize('NFC'), { ...cost, salt, raw: true, type: argon2id })
}

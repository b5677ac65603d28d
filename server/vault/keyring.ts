import { hkdfSync } from 'node:crypto'

/** Derives every key of Tenantry's own use from one root key, so that none of them is kept anywhere. */
export interface Keyring {
  /**
   * The key for one purpose: 32 bytes by HKDF-SHA-256 (RFC 5869), the purpose being its info.
   * The same root key and purpose give the same key in every process.
   */
  derive(purpose: string): Buffer
}

/** The keyring of a root key of 32 bytes. */
export function createKeyring(rootKey: Buffer): Keyring {
  if (rootKey.length !== 32) throw new Error('A root key has 32 bytes')
  return { derive: (purpose) => Buffer.from(hkdfSync('sha256', rootKey, '', `tenantry/${purpose}`, 32)) }
}

import { CompactEncrypt, compactDecrypt } from 'jose'

/** Seals short-lived text that leaves the process, such as an answer kept in the shared cache. */
export interface Sealer {
  /** @returns a compact JWE (RFC 7516), `dir` with A256GCM */
  seal(text: string): Promise<string>
  /** @throws where it was not sealed with this key, or was altered */
  open(sealed: string): Promise<string>
}

/** @param key 32 bytes, from the keyring and for this purpose alone */
export function createSealer(key: Buffer): Sealer {
  const protectedHeader = { alg: 'dir', enc: 'A256GCM' } as const
  return {
    seal: (text) => new CompactEncrypt(Buffer.from(text)).setProtectedHeader(protectedHeader).encrypt(key),
    async open(sealed) {
      const { plaintext } = await compactDecrypt(sealed, key, {
        keyManagementAlgorithms: ['dir'],
        contentEncryptionAlgorithms: ['A256GCM'],
      })
      return Buffer.from(plaintext).toString()
    },
  }
}

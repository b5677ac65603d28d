import { openText, sealText } from './envelope'
import type { Keyring } from './keyring'

/** Seals text of Tenantry's own that leaves the process, such as an answer kept in the shared cache. */
export interface Sealer {
  /**
   * @param row what it belongs to, such as the key under which it is kept: it opens for the same alone
   * @returns an envelope, see envelope.ts
   */
  seal(text: string, row: string): Promise<string>
  /** @throws SecretUnreadable where it was not sealed for this purpose and row, or was altered */
  open(sealed: string, row: string): Promise<string>
}

/** @param purpose what is sealed, in a word: nothing that was sealed for another opens */
export function createSealer(keyring: Keyring, purpose: string): Sealer {
  const key = keyring.derive(purpose)
  return {
    seal: async (text, row) => sealText(key, text, ['seal', purpose, row]),
    open: async (sealed, row) => openText(key, sealed, ['seal', purpose, row]),
  }
}

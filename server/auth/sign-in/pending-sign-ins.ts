import { createHmac, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import { newToken, sha256 } from '#server/lib/ids'
import type { Cache } from '#server/storage/cache'

/** How long somebody may take to show the second factor. */
export const pendingSeconds = 300

const Kept = z.object({ userId: z.string(), password: z.string() })

/** A sign-in whose password was right, and which waits for the second factor. */
export interface PendingSignIn {
  userId: string
  /** Whether the user's password is still the one that was right. */
  isOf(passwordHash: string | null): boolean
}

/** Sign-ins that wait, known by a token that the browser alone holds. */
export interface PendingSignIns {
  /** @returns the token for the browser's cookie, 43 characters */
  begin(userId: string, passwordHash: string): Promise<string>
  find(token: string): Promise<PendingSignIn | null>
  end(token: string): Promise<void>
}

/**
 * Keeps them in the cache that all replicas share.
 *
 * @param key from the keyring: of the password's hash a keyed hash is kept
 */
export function createPendingSignIns(cache: Cache, key: Buffer): PendingSignIns {
  const keyOf = (token: string) => `sign-in:${sha256(token)}`
  const markOf = (passwordHash: string) => createHmac('sha256', key).update(passwordHash).digest()
  return {
    async begin(userId, passwordHash) {
      const token = newToken()
      const kept = { userId, password: markOf(passwordHash).toString('base64url') }
      await cache.set(keyOf(token), JSON.stringify(kept), pendingSeconds)
      return token
    },
    async find(token) {
      const text = await cache.get(keyOf(token))
      if (!text) return null
      const { userId, password } = Kept.parse(JSON.parse(text))
      const mark = Buffer.from(password, 'base64url')
      return { userId, isOf: (hash) => hash !== null && timingSafeEqual(markOf(hash), mark) }
    },
    async end(token) {
      await cache.delete(keyOf(token))
    },
  }
}

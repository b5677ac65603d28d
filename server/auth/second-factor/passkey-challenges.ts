import { z } from 'zod'
import { newToken, sha256 } from '#server/lib/ids'
import type { Cache } from '#server/storage/cache'

/** What a passkey is asked for; an answer counts for that alone. */
export type PasskeyPurpose = 'sign-in' | 'second-factor' | 'step-up' | 'register'

/** How long somebody may take over the browser's dialog. */
export const challengeSeconds = 300

const Kept = z.object({ challenge: z.string(), userId: z.string().nullable() })

/** What a passkey has to sign. Each is for one browser, one purpose and, but for a sign-in, one user, and used once. */
export interface PasskeyChallenges {
  /** @returns the token for the browser's cookie, 43 characters */
  keep(purpose: PasskeyPurpose, userId: string | null, challenge: string): Promise<string>
  /** Of callers at once, one alone gets the challenge; null where there is none for this purpose and user. */
  take(purpose: PasskeyPurpose, userId: string | null, token: string): Promise<string | null>
}

/** Challenges in the cache that all replicas share. */
export function createPasskeyChallenges(cache: Cache): PasskeyChallenges {
  const keyOf = (purpose: PasskeyPurpose, token: string) => `passkey:${purpose}:${sha256(token)}`
  return {
    async keep(purpose, userId, challenge) {
      const token = newToken()
      await cache.set(keyOf(purpose, token), JSON.stringify({ challenge, userId }), challengeSeconds)
      return token
    },
    async take(purpose, userId, token) {
      const text = await cache.take(keyOf(purpose, token))
      if (!text) return null
      const kept = Kept.parse(JSON.parse(text))
      return kept.userId === userId ? kept.challenge : null
    },
  }
}

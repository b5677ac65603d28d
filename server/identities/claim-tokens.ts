import { addSeconds, type Clock } from '#server/lib/clock'
import { newToken, sha256 } from '#server/lib/ids'
import type { Cache } from '#server/storage/cache'

/** How long a claim's address can be opened. */
export const claimSeconds = 300

/** An identity that asks to be claimed, by the token of its claim's address. */
export interface ClaimTicket {
  identityId: string
  expiresAt: Date
}

/**
 * Tokens of claims' addresses, shared by all replicas; their hashes alone are kept. An identity has one at a time:
 * another ends the one before it. That one is used once is settled by the claim's own row, in the transaction that
 * decides it: a token that was good for nothing yet can be tried again.
 */
export interface ClaimTokens {
  issue(identityId: string): Promise<{ token: string; expiresAt: Date }>
  /** @returns null where it is unknown, over, or ended by a later one */
  find(token: string): Promise<ClaimTicket | null>
  /** Ends it. */
  remove(token: string): Promise<void>
}

/** Every method throws what `isCacheUnavailable` or `isDatabaseUnavailable` recognises while the store is away. */
export function createClaimTokens(cache: Cache, clock: Clock): ClaimTokens {
  const ticketKey = (hash: string) => `claim:${hash}`
  const latestKey = (identityId: string) => `claim-of:${identityId}`
  return {
    async issue(identityId) {
      const token = newToken()
      const hash = sha256(token)
      const expiresAt = addSeconds(clock.now(), claimSeconds)
      await cache.set(ticketKey(hash), `${identityId} ${expiresAt.toISOString()}`, claimSeconds)
      await cache.set(latestKey(identityId), hash, claimSeconds)
      return { token, expiresAt }
    },

    async find(token) {
      const hash = sha256(token)
      const [identityId, until] = ((await cache.get(ticketKey(hash))) ?? '').split(' ')
      if (!identityId || !until || (await cache.get(latestKey(identityId))) !== hash) return null
      const expiresAt = new Date(until)
      return expiresAt > clock.now() ? { identityId, expiresAt } : null
    },

    remove: (token) => cache.delete(ticketKey(sha256(token))),
  }
}

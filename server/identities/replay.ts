import type { Clock } from '#server/lib/clock'
import { sha256 } from '#server/lib/ids'
import type { Cache } from '#server/storage/cache'
import { proofError } from './proof.errors'

/** Beyond a proof's end, since the clocks of replicas differ too. */
const marginSeconds = 30

/** What was signed once, and with which machine's key. */
export interface OnceOnly {
  did: string
  jti: string
  /** Seconds since 1970. */
  expiresAt: number
}

/** The same of a proof beside an access token (RFC 9449 section 11.1). */
export interface BoundOnce {
  keyThumbprint: string
  jti: string
  expiresAt: number
}

/** Lets every proof pass once, over all replicas. */
export interface Replay {
  /**
   * Marks a proof as used. To be called once its identity is known, so that strangers' keys leave nothing behind.
   *
   * @throws AppError pop.replayed; CacheUnavailable where the shared store is out of reach: nothing passes then
   */
  mark(proof: OnceOnly): Promise<void>
  /** Marks a proof beside an access token as used. @returns whether it was not, before. @throws CacheUnavailable */
  isFirst(proof: BoundOnce): Promise<boolean>
}

export function createReplay(cache: Cache, clock: Clock): Replay {
  const use = (key: string, expiresAt: number) => {
    const left = Math.max(expiresAt - clock.now().getTime() / 1000, 1)
    return cache.setIfAbsent(key, '1', Math.ceil(left) + marginSeconds)
  }
  return {
    async mark({ did, jti, expiresAt }) {
      if (!(await use(`pop:${did}:${jti}`, expiresAt))) throw proofError('pop.replayed')
    },
    // A client's jti is any text.
    isFirst: ({ keyThumbprint, jti, expiresAt }) => use(`dpop:${keyThumbprint}:${sha256(jti)}`, expiresAt),
  }
}

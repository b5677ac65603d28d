import type { Clock } from '#server/lib/clock'
import type { Cache } from '#server/storage/cache'
import { proofError } from './proof.errors'

/** Beyond a proof's end, since the clocks of replicas differ too. */
const marginSeconds = 30

/** What was signed once, and what with. */
export interface OnceOnly {
  did: string
  jti: string
  /** Seconds since 1970. */
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
}

export function createReplay(cache: Cache, clock: Clock): Replay {
  return {
    async mark({ did, jti, expiresAt }) {
      const left = Math.max(expiresAt - clock.now().getTime() / 1000, 1)
      const isFirst = await cache.setIfAbsent(`pop:${did}:${jti}`, '1', Math.ceil(left) + marginSeconds)
      if (!isFirst) throw proofError('pop.replayed')
    },
  }
}

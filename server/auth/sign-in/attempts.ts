import { createHmac } from 'node:crypto'
import { defineErrors } from '#server/lib/errors'
import type { Cache } from '#server/storage/cache'

const attemptError = defineErrors({
  'rate.limited': { status: 429, title: 'Too many attempts.' },
})

/** How many attempts are let through in a window of time. */
interface AttemptLimit {
  attempts: number
  windowSeconds: number
}

/**
 * Limits of failed sign-in: by account, so that nobody's password is guessed; by address, so that nobody tries them
 * all; by user of a second factor, whose codes are short.
 * Limits of mails for a forgotten password: by recipient, and by the address that asks for them.
 * Limits of mails that invite: by recipient, so that nobody is flooded through us; by the tenant that sends them.
 * Limits of claims of domains, and of looking them up in the DNS: by tenant.
 */
export const signInLimits = {
  account: { attempts: 10, windowSeconds: 900 },
  address: { attempts: 100, windowSeconds: 900 },
  invited: { attempts: 5, windowSeconds: 3600 },
  inviting: { attempts: 100, windowSeconds: 3600 },
  claiming: { attempts: 30, windowSeconds: 3600 },
  verifying: { attempts: 60, windowSeconds: 900 },
  factor: { attempts: 10, windowSeconds: 900 },
  mailTo: { attempts: 5, windowSeconds: 3600 },
  mailFrom: { attempts: 50, windowSeconds: 3600 },
} as const satisfies Record<string, AttemptLimit>

export type AttemptKind = keyof typeof signInLimits

export interface Attempts {
  /**
   * Counts an attempt before it is made, so that attempts made at once are counted too.
   *
   * @throws AppError rate.limited (429, with the seconds to wait)
   */
  count(of: AttemptKind, who: string): Promise<void>
  /** Forgets every attempt on an account whose owner has just proved who they are. @param of default `account` */
  forget(who: string, of?: 'account' | 'factor'): Promise<void>
  /** Takes back the one attempt from an address that succeeded; those that failed stay counted. */
  takeBack(address: string): Promise<void>
}

/**
 * Counts sign-in attempts in the cache that all replicas share.
 *
 * @param key from the keyring: who is counted is stored as a keyed hash, not as an address or name
 */
export function createAttempts(cache: Cache, key: Buffer): Attempts {
  const keyOf = (of: string, who: string) =>
    `attempts:${of}:${createHmac('sha256', key).update(who).digest('base64url')}`
  return {
    async count(of, who) {
      const { attempts, windowSeconds } = signInLimits[of]
      const { count, resetsInSeconds } = await cache.increment(keyOf(of, who), windowSeconds)
      if (count <= attempts) return
      const retryAfterSeconds = Math.max(1, Math.ceil(resetsInSeconds))
      throw attemptError('rate.limited', {
        detail: `Try again in ${retryAfterSeconds} seconds.`,
        retryAfterSeconds,
      })
    },
    async forget(who, of = 'account') {
      await cache.delete(keyOf(of, who))
    },
    async takeBack(address) {
      await cache.increment(keyOf('address', address), signInLimits.address.windowSeconds, -1)
    },
  }
}

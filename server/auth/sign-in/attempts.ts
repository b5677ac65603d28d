import { createHmac } from 'node:crypto'
import { defineErrors } from '#server/lib/errors'
import type { Cache } from '#server/storage/cache'

const attemptError = defineErrors({
  'rate.limited': { status: 429, title: 'Too many attempts.' },
})

/** What whoever tries too often is told. @param seconds until attempts are let through again */
export function tooMany(seconds: number) {
  const retryAfterSeconds = Math.max(1, Math.ceil(seconds))
  const detail = `Try again in ${retryAfterSeconds} seconds.`
  return attemptError('rate.limited', { detail, retryAfterSeconds })
}

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
 * Limits of sign-ins that are begun and not brought to an end, each of which is kept for a while: by address.
 * Limits of access tokens that are refused, and of the lines that refusals write into the audit: by address, and by
 * kind of refusal in all.
 */
export const signInLimits = {
  account: { attempts: 10, windowSeconds: 900 },
  address: { attempts: 100, windowSeconds: 900 },
  invited: { attempts: 5, windowSeconds: 3600 },
  inviting: { attempts: 100, windowSeconds: 3600 },
  beginning: { attempts: 600, windowSeconds: 900 },
  claiming: { attempts: 30, windowSeconds: 3600 },
  verifying: { attempts: 60, windowSeconds: 900 },
  factor: { attempts: 10, windowSeconds: 900 },
  mailTo: { attempts: 5, windowSeconds: 3600 },
  mailFrom: { attempts: 50, windowSeconds: 3600 },
  token: { attempts: 100, windowSeconds: 3600 },
  tokenLines: { attempts: 10, windowSeconds: 3600 },
  refusalLines: { attempts: 200, windowSeconds: 3600 },
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
  /**
   * Takes back the one attempt from an address that succeeded; those that failed stay counted.
   *
   * @param of default `address`
   */
  takeBack(address: string, of?: 'address' | 'beginning'): Promise<void>
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
      throw tooMany(resetsInSeconds)
    },
    async forget(who, of = 'account') {
      await cache.delete(keyOf(of, who))
    },
    async takeBack(address, of = 'address') {
      await cache.increment(keyOf(of, address), signInLimits[of].windowSeconds, -1)
    },
  }
}

/**
 * Counts a look at what a token of somebody stands for against the address that it comes from, as a failed sign-in,
 * unless it succeeds.
 *
 * @throws AppError rate.limited, and what `look` throws
 */
export async function countedLook<Result>(
  { attempts }: { attempts: Attempts },
  address: string | null,
  look: () => Promise<Result>,
): Promise<Result> {
  await attempts.count('address', address ?? 'unknown')
  const result = await look()
  await attempts.takeBack(address ?? 'unknown')
  return result
}

import { createHmac } from 'node:crypto'
import { defineErrors } from '#server/lib/errors'
import type { Cache } from '#server/storage/cache'
import { networkOf } from './network'

const attemptError = defineErrors({
  'rate.limited': { status: 429, title: 'Too many attempts.' },
})

/** What whoever tries too often is told. @param seconds until attempts are let through again */
export function tooMany(seconds: number) {
  const retryAfterSeconds = Math.max(1, Math.ceil(seconds))
  const detail = `Try again in ${retryAfterSeconds} seconds.`
  return attemptError('rate.limited', { detail, retryAfterSeconds })
}

/** How many attempts are let through in a window of time, and in a day where that is told too. */
interface AttemptLimit {
  attempts: number
  windowSeconds: number
  daily?: number
}

const daySeconds = 86_400

/**
 * Limits of failed sign-in: by account, so that nobody's password is guessed; by address, so that nobody tries them
 * all; by user of a second factor, whose codes are short, so that a day's guesses are few too.
 * Limits of mails for a forgotten password: by recipient, and by the address that asks for them.
 * Limits of mails that invite: by recipient, so that nobody is flooded through us; by the tenant that sends them.
 * Limits of people who are looked for by an address that nobody has: by who looks.
 * Limits of claims of domains, and of looking them up in the DNS: by tenant.
 * Limits of sign-ins that are begun and not brought to an end, each of which is kept for a while: by address.
 * Limits of machines that register or take another key, and that ask what has become of it: by address.
 * Limits of access tokens that are refused, and of the lines that refusals write into the audit: by address, and by
 * kind of refusal in all.
 */
export const signInLimits = {
  account: { attempts: 10, windowSeconds: 900 },
  address: { attempts: 100, windowSeconds: 900 },
  invited: { attempts: 5, windowSeconds: 3600 },
  inviting: { attempts: 100, windowSeconds: 3600 },
  beginning: { attempts: 600, windowSeconds: 900 },
  finding: { attempts: 60, windowSeconds: 3600 },
  claiming: { attempts: 30, windowSeconds: 3600 },
  verifying: { attempts: 60, windowSeconds: 900 },
  factor: { attempts: 10, windowSeconds: 900, daily: 50 },
  mailTo: { attempts: 5, windowSeconds: 3600 },
  mailFrom: { attempts: 50, windowSeconds: 3600 },
  registering: { attempts: 100, windowSeconds: 900 },
  polling: { attempts: 1500, windowSeconds: 900 },
  token: { attempts: 100, windowSeconds: 3600 },
  tokenLines: { attempts: 10, windowSeconds: 3600 },
  refusalLines: { attempts: 200, windowSeconds: 3600 },
} as const satisfies Record<string, AttemptLimit>

export type AttemptKind = keyof typeof signInLimits
/** What does not count where it succeeds. */
type TakenBack = 'address' | 'beginning' | 'finding'

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
   * Takes back the one attempt of somebody that succeeded; those that failed stay counted.
   *
   * @param of default `address`
   */
  takeBack(who: string, of?: TakenBack): Promise<void>
}

/**
 * Counts sign-in attempts in the cache that all replicas share.
 *
 * @param key from the keyring: who is counted is stored as a keyed hash, not as an address or name
 */
export function createAttempts(cache: Cache, key: Buffer): Attempts {
  const keyOf = (of: string, who: string) =>
    `attempts:${of}:${createHmac('sha256', key).update(networkOf(who)).digest('base64url')}`
  async function countWithin(name: string, attempts: number, windowSeconds: number): Promise<void> {
    const { count, resetsInSeconds } = await cache.increment(name, windowSeconds)
    if (count > attempts) throw tooMany(resetsInSeconds)
  }
  return {
    async count(of, who) {
      const { attempts, windowSeconds, daily }: AttemptLimit = signInLimits[of]
      await countWithin(keyOf(of, who), attempts, windowSeconds)
      if (daily !== undefined) await countWithin(keyOf(`${of}:day`, who), daily, daySeconds)
    },
    async forget(who, of = 'account') {
      await Promise.all([cache.delete(keyOf(of, who)), cache.delete(keyOf(`${of}:day`, who))])
    },
    async takeBack(who, of = 'address') {
      await cache.increment(keyOf(of, who), signInLimits[of].windowSeconds, -1)
    },
  }
}

/**
 * Counts an attempt, and takes it back where it succeeds.
 *
 * @throws AppError rate.limited, and what `work` throws
 */
export async function countedUntilDone<Result>(
  { attempts }: { attempts: Pick<Attempts, 'count' | 'takeBack'> },
  of: TakenBack,
  who: string,
  work: () => Promise<Result>,
): Promise<Result> {
  await attempts.count(of, who)
  const result = await work()
  await attempts.takeBack(who, of)
  return result
}

/** A look at what somebody's token stands for: one that fails counts as a failed sign-in from that address. */
export const countedLook = <Result>(
  means: Parameters<typeof countedUntilDone>[0],
  address: string | null,
  look: () => Promise<Result>,
): Promise<Result> => countedUntilDone(means, 'address', address ?? 'unknown', look)

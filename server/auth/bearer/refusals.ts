import { createHmac } from 'node:crypto'
import { addSeconds, type Clock } from '#server/lib/clock'
import { sha256 } from '#server/lib/ids'
import type { PlatformScope } from '#server/scope'
import type { Cache } from '#server/storage/cache'
import { bearerError } from './bearer.errors'
import { createMemory } from './memory'

/** In an hour: lines in the audit for one address and for all, and refusals until one address is not asked about. */
export const refusalLimits = { linesOfAddress: 10, lines: 200, refusals: 100, windowSeconds: 3600 } as const

/** A call whose token was refused. */
export interface Refusal {
  code: string
  /** What was sent: its hash alone is kept. */
  credential: string
  address: string
}

/** Notes refused tokens, without letting a stranger fill the disk. */
export interface Refusals {
  /** Counts a refusal, and writes it into the audit where that address and all together are not too many. */
  note(scope: PlatformScope, refusal: Refusal): Promise<void>
  /** @throws AppError rate.limited, for an address with too many refusals */
  refuseInsistent(address: string): void
}

/**
 * Counts in the cache that all replicas share; an address that is over a limit is remembered here, and costs no more.
 *
 * @param key from the keyring: addresses are counted by a keyed hash
 */
export function createRefusals(cache: Cache, clock: Clock, key: Buffer): Refusals {
  const { linesOfAddress, lines, refusals, windowSeconds } = refusalLimits
  const insistent = createMemory<Date>(clock, 10_000)
  const count = (what: string) => cache.increment(`token-refusals:${what}`, windowSeconds)
  const nameOf = (address: string) => createHmac('sha256', key).update(address).digest('base64url')

  return {
    async note(scope, { code, credential, address }) {
      const name = nameOf(address)
      if (insistent.get(name)) return
      const ofAddress = await count(name)
      if (ofAddress.count >= refusals) {
        const until = addSeconds(clock.now(), ofAddress.resetsInSeconds)
        insistent.set(name, until, until)
      }
      if (ofAddress.count > linesOfAddress || (await count('all')).count > lines) return
      await scope.stores.audit.record({
        action: 'token.refused',
        // The same token has the same name, and nobody learns the token by it.
        subject: { kind: 'token', id: sha256(credential).slice(0, 16) },
        after: { code, address },
      })
    },

    refuseInsistent(address) {
      const until = insistent.get(nameOf(address))
      if (!until) return
      const retryAfterSeconds = Math.max(1, Math.ceil((until.getTime() - clock.now().getTime()) / 1000))
      throw bearerError('rate.limited', {
        detail: `Try again in ${retryAfterSeconds} seconds.`,
        retryAfterSeconds,
      })
    },
  }
}

import { sha256 } from '#server/lib/ids'
import type { Log } from '#server/lib/log'
import type { Cache } from './cache'
import { defineErrors } from '#server/lib/errors'

const idempotencyError = defineErrors({
  'idempotency.malformed': { status: 400, title: 'Idempotency-Key must be 1 to 128 printable characters.' },
  'idempotency.key_reused': { status: 409, title: 'This Idempotency-Key was used for another request.' },
  'idempotency.in_progress': {
    status: 409,
    title: 'The first request with this Idempotency-Key still runs.',
  },
})

/** How long an answer is kept for a repeated call. */
const keptForSeconds = 86_400
/** After so long a first call that was never answered counts as lost, with its process. */
const runningForSeconds = 60

/** An answer as it is sent again. */
export interface KeptAnswer {
  status: number
  body: unknown
  /** Its entity tag, where it has one. */
  tag?: string | undefined
}

/** What keeps an answer from whoever can read the cache. Implemented by server/vault/seal.ts. */
export interface AnswerSealer {
  seal(text: string, row: string): Promise<string>
  open(sealed: string, row: string): Promise<string>
}

interface IdempotentCall {
  /** Who calls: one caller's keys mean nothing to another. */
  actorId: string
  /** The Idempotency-Key header. */
  key: string
  /** Method, path and body: the same key for something else is refused. */
  request: string
}

/**
 * Lets a POST with an Idempotency-Key happen once (draft-ietf-httpapi-idempotency-key-header): the same key and body
 * gives the first answer again. A call that failed is not kept, and may be made again.
 */
export interface Idempotency {
  /**
   * @throws AppError idempotency.malformed, idempotency.key_reused, idempotency.in_progress, and what `work` throws
   */
  once(call: IdempotentCall, work: () => Promise<KeptAnswer>): Promise<KeptAnswer & { replayed: boolean }>
}

/** Keeps answers in the cache that all replicas share, sealed: they may hold what the caller alone may see. */
export function createIdempotency(cache: Cache, sealer: AnswerSealer, log: Log): Idempotency {
  return {
    async once({ actorId, key, request }, work) {
      if (!/^[\x21-\x7e]{1,128}$/.test(key)) throw idempotencyError('idempotency.malformed')
      const place = `idempotency:${sha256(JSON.stringify([actorId, key]))}`
      const fingerprint = sha256(request)
      if (!(await cache.setIfAbsent(place, fingerprint, runningForSeconds))) {
        const [keptFingerprint, sealed] = ((await cache.get(place)) ?? '').split(' ')
        if (keptFingerprint && keptFingerprint !== fingerprint)
          throw idempotencyError('idempotency.key_reused')
        if (!sealed) throw idempotencyError('idempotency.in_progress', { retryAfterSeconds: 1 })
        return { ...(JSON.parse(await sealer.open(sealed, place)) as KeptAnswer), replayed: true }
      }
      const answer = await work().catch(async (error: unknown) => {
        await cache.delete(place)
        throw error
      })
      try {
        const sealedAnswer = await sealer.seal(JSON.stringify(answer), place)
        await cache.set(place, `${fingerprint} ${sealedAnswer}`, keptForSeconds)
      } catch (error) {
        // The change is made: its caller must hear so, even if a repetition will not.
        log.warn({ err: error }, 'an answer could not be kept for its Idempotency-Key')
      }
      return { ...answer, replayed: false }
    },
  }
}

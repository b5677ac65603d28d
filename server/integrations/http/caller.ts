import type { z } from 'zod'
import type { Clock } from '#server/lib/clock'
import { IntegrationError, type IntegrationFailure } from '#server/lib/errors'
import { endlessPlaces, type Places } from '#server/lib/places'
import { bodyKind, isDone, parseBody, readAnswer, type Answer } from './answer'
import { failuresOf, RefusedError, type Failing } from './failures'
import { readItems } from './items'
import { parseRetryAfter } from './retry-after'
import { plainWords } from './words'

/** Far above any true answer that comes in pages. */
const answerLimitBytes = 16 * 1024 * 1024
/** Refusals that looking anew can turn: what was found a moment ago is gone, was changed, or is locked. */
const vanished = [404, 409, 423]

/** What a service says where it refuses. */
export interface Refusal {
  readonly said: string
  /** Its own name for it. */
  readonly code?: string | undefined
  /** Which fields of what was sent are at fault. */
  readonly fields?: readonly string[]
}

/** Somebody who is asked over HTTP, and what is peculiar to them. */
export interface Respondent extends Failing {
  /** How it refuses. A 4xx in another shape comes from something before it, and may pass. */
  readonly refusal: z.ZodType<Refusal>
  /** What a status means here and not elsewhere; undefined: what it means everywhere. */
  kindOf?(status: number, refusal: Refusal | undefined): IntegrationFailure | undefined
  /** What a refusal means where it does not say so; it ends the sentence. */
  hintOf?(answer: Answer): string
  /** What no message may repeat, as it is now. */
  secrets(): readonly string[]
}

/** One call: what for, how it is sent, what must come back. */
export interface Call<Schema extends z.ZodType> {
  /** Completes `Stalwart refused to …`. */
  purpose: string
  /** Sends it, by what it is given: the signal that ends it, and that redirects are not followed. */
  send(init: { signal: AbortSignal; redirect: 'manual' }): Promise<Response>
  /** An empty body is undefined. */
  answer: Schema
  /** In place of the caller's own. */
  timeoutMs?: number
  /** In place of 16 MB, of the body as it is when unpacked. */
  limitBytes?: number
  /**
   * Is given each item of the answer's list as it comes, and throws IntegrationError for one that does not fit; the
   * list is empty in what comes back. Where the call fails, some may have been given.
   */
  each?: ((item: unknown) => void) | undefined
}

/**
 * Asks once.
 *
 * @throws RefusedError where the answer says no; IntegrationError for every other failure; the signal's own reason
 * where the signal ended it
 */
export type Ask = <Schema extends z.ZodType>(
  call: Call<Schema>,
  signal: AbortSignal,
) => Promise<z.output<Schema>>

/**
 * Makes the one way in which somebody is asked: within a time limit, redirects not followed (a token stays where it was
 * sent), the answer limited in size and depth and held against its schema, and every failure in words without secrets,
 * addresses and pages.
 *
 * @param options.timeoutMs for one call, from sending to the answer's last byte
 * @param options.places a call takes one while it is under way; waiting for it is not counted as the call's time
 */
export function createCaller(
  respondent: Respondent,
  options: { timeoutMs: number; clock: Clock; places?: Places | undefined },
): Ask {
  const { fit, failed, misfit, silent, lost } = failuresOf(respondent)
  const { places = endlessPlaces } = options

  return async ({ purpose, send, answer: schema, each, ...limits }, signal) => {
    const { timeoutMs = options.timeoutMs, limitBytes = answerLimitBytes } = limits
    signal.throwIfAborted()
    const answer = await places.run(async () => {
      const deadline = AbortSignal.timeout(timeoutMs)
      try {
        const init = { signal: AbortSignal.any([signal, deadline]), redirect: 'manual' } as const
        const response = await send(init)
        return await (each && isDone(response)
          ? readItems(response, limitBytes, each)
          : readAnswer(response, limitBytes))
      } catch (error) {
        signal.throwIfAborted()
        if (error instanceof IntegrationError) throw error
        throw deadline.aborted ? silent(purpose, timeoutMs) : lost(purpose, error)
      }
    }, signal)
    signal.throwIfAborted()
    if (!answer)
      throw failed('contract', `${respondent.name} was asked to ${purpose}, and its answer is too large`)
    if (!isDone(answer)) throw refused(respondent, purpose, answer, options.clock)
    let body: unknown
    try {
      body = 'body' in answer ? answer.body : parseBody(answer)
    } catch {
      throw misfit(purpose, `${bodyKind(answer)} (${answer.status})`)
    }
    if (body === undefined && !schema.safeParse(body).success)
      throw misfit(purpose, `${bodyKind(answer)} (${answer.status})`)
    return fit(purpose, body, schema, String(answer.status), respondent.secrets())
  }
}

/** The failure that a status outside of 200 to 299 stands for. */
function refused(respondent: Respondent, purpose: string, answer: Answer, clock: Clock): RefusedError {
  const { service, name } = respondent
  const { status } = answer
  const refusal = refusalOf(respondent, answer)
  const kind = respondent.kindOf?.(status, refusal) ?? kindOf(status, refusal !== undefined)
  const verb = kind === 'rejected' || kind === 'unauthorized' ? 'refused to' : 'did not'
  const said = refusal && plainWords(refusal.said, respondent.secrets())
  const words = said ? `“${said}”` : `it answered with ${bodyKind(answer)}`
  const reason = status < 400 ? 'it answered with a redirect, and only its final address is asked' : words
  const retryAfterSeconds = parseRetryAfter(answer.headers.get('retry-after'), clock)
  const failure = {
    service,
    kind,
    message: `${name} ${verb} ${purpose}: ${reason} (${status})${respondent.hintOf?.(answer) ?? ''}`,
    ...(vanished.includes(status) ? { retryable: true } : {}),
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  }
  return new RefusedError(failure, { status, code: refusal?.code, fields: refusal?.fields ?? [] })
}

function kindOf(status: number, isTheirs: boolean): IntegrationFailure {
  if (status < 400 || status === 501) return 'contract'
  if (status === 401 || status === 403) return 'unauthorized'
  if (status === 408) return 'timeout'
  if (status === 429) return 'rate_limited'
  if (status >= 500) return 'unavailable'
  return isTheirs ? 'rejected' : 'contract'
}

function refusalOf({ refusal }: Respondent, answer: Answer): Refusal | undefined {
  try {
    return refusal.safeParse(parseBody(answer)).data
  } catch {
    return undefined
  }
}

import type { Clock } from '#server/lib/clock'
import { IntegrationError } from '#server/lib/errors'
import type { Log } from '#server/lib/log'
import { retryDelayMs } from './backoff'
import type { DesiredTenant, Provisioner } from './provisioner.port'

/** What became of one attempt at a step. `pending`: it was cut off, and is due again at once. */
export type StepOutcome =
  | { status: 'ok'; externalId: string }
  | { status: 'error'; error: string; nextAttemptAt: Date | null }
  | { status: 'pending' }

export interface AttemptMeans {
  clock: Clock
  log: Log
  /** Gives 0 to 1. */
  random: () => number
  /** The longest that one attempt may take. */
  stepTimeoutMs: number
}

/** How much of a failure's words is kept, in characters. */
const wordsLimit = 500
const unknownFailure = 'Something unexpected went wrong. It will be tried again; the log has the details.'

class StepTimeout extends Error {
  constructor(milliseconds: number) {
    super(`It did not finish within ${milliseconds / 1000} seconds.`)
  }
}

/**
 * Tries a step once. It ends when the signal aborts, or after the longest time allowed, whether the provisioner
 * heeds its signal or not.
 *
 * @param attempt how often it was tried with this one, 1 or more
 * @returns what became of it, failures included; never throws
 */
export async function attemptStep(
  provisioner: Provisioner,
  tenant: DesiredTenant,
  attempt: number,
  signal: AbortSignal,
  means: AttemptMeans,
): Promise<StepOutcome> {
  const timeout = new AbortController()
  const timer = setTimeout(() => timeout.abort(new StepTimeout(means.stepTimeoutMs)), means.stepTimeoutMs)
  timer.unref()
  const cut = AbortSignal.any([signal, timeout.signal])
  try {
    const { externalId } = await untilCut(async () => provisioner.apply(tenant, cut), cut)
    return { status: 'ok', externalId }
  } catch (error) {
    if (signal.aborted) return { status: 'pending' }
    const failure: unknown = timeout.signal.aborted ? timeout.signal.reason : error
    if (!isExpected(failure)) logUnexpected(failure, provisioner, tenant, means.log)
    return outcomeOf(failure, attempt, means)
  } finally {
    clearTimeout(timer)
  }
}

function untilCut<Result>(work: () => Promise<Result>, signal: AbortSignal): Promise<Result> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason)
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    work().then(resolve, reject)
  })
}

function isExpected(error: unknown): error is IntegrationError | StepTimeout {
  return error instanceof IntegrationError || error instanceof StepTimeout
}

function outcomeOf(error: unknown, attempt: number, { clock, random }: AttemptMeans): StepOutcome {
  const failure = error instanceof IntegrationError ? error : undefined
  const delayMs = retryDelayMs(attempt, random, failure?.retryAfterSeconds)
  const nextAttemptAt = failure?.retryable === false ? null : new Date(clock.now().getTime() + delayMs)
  const words = isExpected(error) ? error.message : unknownFailure
  return { status: 'error', error: words.replace(/\p{C}+/gu, ' ').slice(0, wordsLimit), nextAttemptAt }
}

function logUnexpected(
  error: unknown,
  { service, step }: Provisioner,
  { id }: DesiredTenant,
  log: Log,
): void {
  // Nothing but these: an error of a library may carry the request that it made, with its token.
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error))
  log.error(
    { tenantId: id, service, step, error: { name, message, stack } },
    'a provisioner failed unexpectedly',
  )
}

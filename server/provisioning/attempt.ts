import type { Clock } from '#server/lib/clock'
import { IntegrationError } from '#server/lib/errors'
import type { Log } from '#server/lib/log'
import { retryDelayMs } from './backoff'
import type { Gate } from './gates'
import { isApproved } from './plan-hash'
import type {
  DesiredTenant,
  KnownStep,
  PlannedChange,
  Resource,
  ServiceName,
  StepPlan,
  StepPlanner,
} from './step-planner.port'

/**
 * What became of one attempt at a step. `pending`: it was cut off, or gives way to others, and is due again at once.
 * `held`: all is done but what somebody has to approve first. `gotOn`: something of it was done.
 */
export type StepOutcome =
  | {
      status: 'ok'
      resources: readonly Resource[]
      reason: string | null
      /** What was read last of somebody; see StepPlan. */
      accessOf?: StepPlan['accessOf']
    }
  | { status: 'held'; resources: readonly Resource[]; reason: string }
  | { status: 'error'; error: string; nextAttemptAt: Date | null; gotOn?: true }
  | { status: 'pending'; gotOn?: true }
  /** The service is still at it, which is no failure. */
  | { status: 'waits'; reason: string; nextAttemptAt: Date }

export interface AttemptMeans {
  clock: Clock
  log: Log
  /** Gives 0 to 1. */
  random: () => number
  /** The longest that planning, or one change, may take. */
  stepTimeoutMs: number
  /** How long one attempt may go on before it gives way to other tenants. */
  sliceMs: number
  gate: (service: ServiceName) => Gate
}

/** One try at one step of one tenant. */
export interface Attempt {
  readonly planner: StepPlanner
  readonly tenant: DesiredTenant
  readonly known: KnownStep
  /** How often it was tried with this one, 1 or more. */
  readonly attempt: number
  /** Whether deletions may be made. */
  readonly mayDelete: boolean
  /** Digests of the changes that were approved, of which some may be made already; undefined: any. */
  readonly approved: ReadonlySet<string> | undefined
  readonly signal: AbortSignal
  /**
   * Asked before each call, by the clock: a process that stood still may not have noticed yet that its lease is over.
   *
   * @throws where nothing may be done any more; the signal is aborted then
   */
  readonly assertHeld: () => void
}

/** Most characters that are kept of a failure's words and of a reason. */
const wordsLimit = 500
/** So often a plan may turn out to be overtaken while it is applied, before waiting is better. */
const rounds = 3
const unknownFailure = 'Something unexpected went wrong. It will be tried again; the log has the details.'
const stalePlan = 'The plan that was approved is no longer what has to be done. Look at the new plan.'

class StepTimeout extends Error {
  constructor(milliseconds: number) {
    super(`It did not finish within ${milliseconds / 1000} seconds.`)
  }
}

class StalePlan extends Error {}

/**
 * Tries a step once: observes, plans, applies, and observes again, since only what was read afterwards counts as done.
 * It ends when the signal aborts, and no single call takes longer than allowed, whether the planner heeds its signal or
 * not.
 *
 * @returns what became of it, failures included; never throws
 */
export async function attemptStep(attempt: Attempt, means: AttemptMeans): Promise<StepOutcome> {
  const progress = { gotOn: false }
  try {
    return await bringAbout(attempt, means, progress)
  } catch (error) {
    if (attempt.signal.aborted) return { status: 'pending' }
    if (error instanceof IntegrationError && error.kind === 'not_yet') return waiting(error, means)
    if (!isExpected(error)) logUnexpected(error, attempt, means.log)
    // What got on and failed then is tried again as soon as what failed once: only what stands still is put off further.
    if (progress.gotOn) return { ...outcomeOf(error, 1, means), gotOn: true }
    return outcomeOf(error, attempt.attempt, means)
  }
}

async function bringAbout(
  attempt: Attempt,
  means: AttemptMeans,
  progress: { gotOn: boolean },
): Promise<StepOutcome> {
  const { planner, tenant, known, mayDelete, approved } = attempt
  const endsAt = performance.now() + means.sliceMs
  const call = caller(attempt, means)
  const plan = () => call((signal) => planner.plan(tenant, known, signal))

  let found = await plan()
  for (let round = 0; round < rounds; round++) {
    // Of every round: what is read after a change may ask for another that nobody approved.
    if (approved && !found.changes.every((change) => isApproved(change, approved)))
      throw new StalePlan(stalePlan)
    refuse(planner, found)
    const due = found.changes.filter(({ action }) => mayDelete || action !== 'delete')
    if (due.length === 0) return settled(found)
    for (const change of due) {
      // One change at least: where planning alone takes as long as a slice, it would never get on.
      if (progress.gotOn && performance.now() > endsAt) return { status: 'pending', gotOn: true }
      await call((signal) => change.apply(signal))
      progress.gotOn = true
    }
    found = await plan()
  }
  refuse(planner, found)
  if (found.changes.every(({ action }) => !mayDelete && action === 'delete')) return settled(found)
  progress.gotOn = false
  throw new IntegrationError({
    service: planner.service,
    kind: 'unavailable',
    message: `What was changed does not show when it is read again: ${inWords(found.changes)}.`,
  })
}

/** Makes one call in the service's turn, within the time allowed. */
function caller({ planner, signal, assertHeld }: Attempt, { gate, stepTimeoutMs }: AttemptMeans) {
  return <Result>(work: (signal: AbortSignal) => Promise<Result>): Promise<Result> =>
    gate(planner.service).run(async () => {
      assertHeld()
      const timeout = new AbortController()
      const timer = setTimeout(() => timeout.abort(new StepTimeout(stepTimeoutMs)), stepTimeoutMs)
      timer.unref()
      const cut = AbortSignal.any([signal, timeout.signal])
      try {
        return await untilCut(() => work(cut), cut)
      } catch (error) {
        throw timeout.signal.aborted && !signal.aborted ? timeout.signal.reason : error
      } finally {
        clearTimeout(timer)
      }
    }, signal)
}

/** Ends when the signal aborts, whether the work heeds it or not. @throws the signal's reason */
export function untilCut<Result>(work: () => Promise<Result>, signal: AbortSignal): Promise<Result> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason as Error)
    const leave = () => reject(signal.reason as Error)
    signal.addEventListener('abort', leave, { once: true })
    work()
      .finally(() => signal.removeEventListener('abort', leave))
      .then(resolve, reject)
  })
}

/** @throws IntegrationError `conflict` where something stands in the way that is not ours */
function refuse({ service }: StepPlanner, { changes }: StepPlan): void {
  const refused = changes.filter(({ action }) => action === 'refuse')
  if (refused.length === 0) return
  const message = refused.map(({ kind, name, reason }) => reason ?? `${kind} ${name} is not ours`).join(' ')
  throw new IntegrationError({ service, kind: 'conflict', message })
}

function settled({ resources, changes, notes, accessOf }: StepPlan): StepOutcome {
  if (changes.length > 0)
    return { status: 'held', resources, reason: shorten(`Waits for approval: ${inWords(changes)}.`) }
  const reason = notes.length > 0 ? shorten(notes.join(' ')) : null
  return { status: 'ok', resources, reason, ...(accessOf && { accessOf }) }
}

function inWords(changes: readonly PlannedChange[]): string {
  const [first, second, ...others] = changes.map(({ action, kind, name }) => `${action} ${kind} ${name}`)
  const named = [first, second].filter(Boolean).join(', ')
  return others.length > 0 ? `${named} and ${others.length} more` : named
}

const isExpected = (error: unknown): error is Error =>
  error instanceof IntegrationError || error instanceof StepTimeout || error instanceof StalePlan

function outcomeOf(error: unknown, attempt: number, { clock, random }: AttemptMeans) {
  const failure = error instanceof IntegrationError ? error : undefined
  const delayMs = retryDelayMs(attempt, random, failure?.retryAfterSeconds)
  const isFinal = error instanceof StalePlan || failure?.retryable === false
  return {
    status: 'error' as const,
    error: shorten(isExpected(error) ? error.message : unknownFailure),
    nextAttemptAt: isFinal ? null : new Date(clock.now().getTime() + delayMs),
  }
}

/** Looked at again as soon as what failed once, however often. */
function waiting({ message, retryAfterSeconds }: IntegrationError, { clock, random }: AttemptMeans) {
  const delayMs = retryDelayMs(1, random, retryAfterSeconds)
  const nextAttemptAt = new Date(clock.now().getTime() + delayMs)
  return { status: 'waits' as const, reason: shorten(message), nextAttemptAt }
}

const shorten = (words: string) => words.replace(/\p{C}+/gu, ' ').slice(0, wordsLimit)

function logUnexpected(error: unknown, { planner, tenant }: Attempt, log: Log): void {
  const { service, step } = planner
  // Nothing but these: an error of a library may carry the request that it made, with its token.
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error))
  log.error(
    { tenantId: tenant.id, service, step, error: { name, message, stack } },
    'a step failed unexpectedly',
  )
}

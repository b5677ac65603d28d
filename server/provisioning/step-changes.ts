import { noteOfLeft, type FormerPlace } from './connected/left-behind'
import type { StepOutcome } from './attempt'
import type { StepMove, StepState } from './advance'
import type { ServiceName } from './step-planner.port'
import { notConfigured } from './steps'

/** A step as it stood when a worker began it. */
export interface BegunStep {
  readonly id: string
  readonly service: ServiceName
  readonly step: string
  /** For which asking it was begun. */
  readonly generation: number
  /** How often it was tried, with this time. */
  readonly attempt: number
  /** Of what it made before. */
  readonly externalId: string | null
}

/** What an outcome makes of a step that was not asked for again meanwhile. */
export function settled(outcome: StepOutcome, now: Date) {
  switch (outcome.status) {
    case 'ok':
      return { status: 'ok', error: null, reason: outcome.reason, nextAttemptAt: null } as const
    case 'held':
      return {
        status: 'pending',
        error: null,
        reason: outcome.reason,
        nextAttemptAt: null,
        held: true,
      } as const
    case 'error': {
      const { gotOn, ...failure } = outcome
      return { ...failure, ...(gotOn && { attempt: 1 }) }
    }
    case 'waits': {
      const { reason, nextAttemptAt } = outcome
      // No failure: the next one is not put off as if it had been.
      return { status: 'pending', error: null, reason, nextAttemptAt, attempt: 0 } as const
    }
    case 'pending':
      // What got on was no failure: the next one is not put off as if it had been.
      return { status: 'pending', nextAttemptAt: now, ...(outcome.gotOn && { attempt: 0 }) } as const
  }
}

/** What is known of what it made, in any case. */
export function madeBy(outcome: StepOutcome, now: Date) {
  if (!('resources' in outcome)) return {}
  return { externalId: outcome.resources[0]?.externalId ?? null, observedAt: now }
}

/**
 * What a move makes of a step. A running one stays due: where its worker dies, that is how it is found again.
 *
 * @param former where the tenant was before, which a step says that is skipped
 */
export function changeOf({ to, step }: StepMove, now: Date, former: readonly FormerPlace[] = []) {
  switch (to) {
    case 'running':
      return {
        ...({ status: 'running', attempt: step.attempt + 1, reason: null, held: false } as const),
        nextAttemptAt: step.nextAttemptAt ?? now,
      }
    case 'skipped':
      return {
        ...({ status: 'skipped', error: null, nextAttemptAt: null } as const),
        reason: [notConfigured, noteOfLeft(step, former)].filter(Boolean).join('. '),
      }
    case 'waiting':
      return { status: 'pending', nextAttemptAt: null } as const
  }
}

/** As it was before a claim that nobody heard of began it. */
export function notYetTried(step: StepState): StepState {
  return step.status === 'running' ? { ...step, attempt: step.attempt - 1 } : step
}

/** The steps as moves leave them. */
export function after(steps: readonly StepState[], moves: readonly StepMove[], now: Date): StepState[] {
  const changed = new Map(moves.map((move) => [move.step.id, { ...move.step, ...changeOf(move, now) }]))
  return steps.map((step) => changed.get(step.id) ?? step)
}

/** The steps that moves begin. */
export function begunOf(moves: readonly StepMove[]): BegunStep[] {
  return moves.flatMap(({ to, step: { id, service, step, generation, attempt, externalId } }) =>
    to === 'running' ? [{ id, service, step, generation, attempt: attempt + 1, externalId }] : [],
  )
}

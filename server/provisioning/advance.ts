import type { ServiceName } from './step-planner.port'
import { byStepOrder, needsOf, stepKey } from './steps'

/** What is known of a step when it is decided what comes next. */
export interface StepState {
  readonly id: string
  readonly service: ServiceName
  readonly step: string
  readonly status: 'pending' | 'running' | 'ok' | 'skipped' | 'error'
  readonly generation: number
  readonly attempt: number
  readonly externalId: string | null
  readonly held: boolean
  /** Null: it waits for a step that it needs, or for somebody to ask. */
  readonly nextAttemptAt: Date | null
}

/** What becomes of a step. */
export type StepMove =
  | { readonly to: 'running'; readonly step: StepState }
  | { readonly to: 'skipped'; readonly step: StepState }
  /** It was due, and waits for another now. */
  | { readonly to: 'waiting'; readonly step: StepState }

/** Whether nothing more will happen to it by itself before another step does. */
export function isWaiting({ status, held, nextAttemptAt }: StepState): boolean {
  return status === 'pending' && !held && nextAttemptAt === null
}

/** Whether it is to be tried now, as far as it alone is concerned. */
export function isDue({ nextAttemptAt }: Pick<StepState, 'nextAttemptAt'>, now: Date): boolean {
  return nextAttemptAt !== null && nextAttemptAt <= now
}

/**
 * Decides what can be begun of a tenant's steps: the candidates with everything that they need done or skipped.
 * A step whose service is not configured is skipped, which may set others free.
 */
export function advance(
  steps: readonly StepState[],
  isCandidate: (step: StepState) => boolean,
  isConfigured: (step: StepState) => boolean,
): StepMove[] {
  const settled = new Set(
    steps.filter(({ status }) => status === 'ok' || status === 'skipped').map((step) => stepKey(step)),
  )
  const known = new Set(steps.map((step) => stepKey(step)))
  const moves: StepMove[] = []
  for (const step of steps.toSorted(byStepOrder)) {
    if (!isCandidate(step)) continue
    settled.delete(stepKey(step))
    if (!needsOf(step).every((need) => settled.has(need) || !known.has(need))) {
      if (!isWaiting(step)) moves.push({ to: 'waiting', step })
    } else if (isConfigured(step)) moves.push({ to: 'running', step })
    else {
      moves.push({ to: 'skipped', step })
      settled.add(stepKey(step))
    }
  }
  return moves
}

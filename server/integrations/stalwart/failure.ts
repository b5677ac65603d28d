import type { Respondent } from '../http/caller'
import { failuresOf, RefusedError } from '../http/failures'
import { Problem } from './wire'

export { RefusedError }

const stalwart = { service: 'stalwart', name: 'Stalwart' } as const

/** IntegrationErrors of Stalwart's. */
export const { failed, misfit, fit } = failuresOf(stalwart)

/** Stalwart, as somebody who is asked over HTTP: it answers problems (RFC 7807, and JMAP's, RFC 8620 section 3.6.1). */
export const stalwartAsked = (secrets: readonly string[]): Respondent => ({
  ...stalwart,
  refusal: Problem,
  kindOf: (_status, problem) => (problem?.code === 'limit' ? 'rate_limited' : undefined),
  secrets: () => secrets,
})

type Failure = Omit<ConstructorParameters<typeof RefusedError>[0], 'service'>

/** A refusal inside of an answer, which has the status 200. */
export const refusedWithin = (code: string, failure: Failure): RefusedError =>
  new RefusedError({ service: stalwart.service, ...failure }, { status: 200, code })

/** What stands in the way of what was asked, as Stalwart 0.16 names it. */
export interface Obstacle {
  readonly object: string
  readonly id: string
}

/** A refusal inside of an answer that names what stands in the way. */
export class ObstructedError extends RefusedError {
  readonly obstacle: Obstacle

  constructor(code: string, failure: Failure, obstacle: Obstacle) {
    super({ service: stalwart.service, ...failure }, { status: 200, code })
    this.obstacle = obstacle
  }
}

/**
 * Whether it was refused since the name or an address is somebody's already: `primaryKeyViolation` of 0.16,
 * `fieldAlreadyExists` of 0.15.
 */
export const isTaken = (error: unknown): error is RefusedError =>
  error instanceof RefusedError && ['primaryKeyViolation', 'fieldAlreadyExists'].includes(error.code ?? '')

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

/** Whether an obstacle is of a type, which errors name with and without the prefix that methods have. */
export const isObjectOf = (type: 'Account' | 'DkimSignature', { object }: Obstacle): boolean =>
  object.replace(/^x:/, '') === type

/** A refusal inside of an answer that names what stands in the way. */
export class ObstructedError extends RefusedError {
  readonly obstacle: Obstacle | undefined
  /** What refers to that. */
  readonly links: readonly Obstacle[]

  constructor(code: string, failure: Failure, what: { obstacle: Obstacle | undefined; links: Obstacle[] }) {
    super({ service: stalwart.service, ...failure }, { status: 200, code })
    this.obstacle = what.obstacle
    this.links = what.links
  }
}

/**
 * Whether it was refused since the name or an address is somebody's already: `primaryKeyViolation` of 0.16,
 * `fieldAlreadyExists` of 0.15.
 */
export const isTaken = (error: unknown): error is RefusedError =>
  error instanceof RefusedError && ['primaryKeyViolation', 'fieldAlreadyExists'].includes(error.code ?? '')

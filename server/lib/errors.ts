/** One fault of one field in what was sent; `path` is dotted, such as `members.0.email`. */
export interface FieldFault {
  path: string
  message: string
}

/** What an error code stands for; declared once, beside its noun. */
export interface ErrorDefinition {
  /** HTTP status, 400 to 599. */
  status: number
  /** Short, the same for every occurrence (RFC 9457 section 3.1.3). */
  title: string
}

interface Occurrence {
  /** What happened this time, in words for the caller; without secrets or internals. */
  detail?: string
  faults?: FieldFault[]
  retryAfterSeconds?: number
  cause?: unknown
}

/**
 * The one error that reaches a caller in its own words.
 * `defineRoute` alone turns it into `application/problem+json` (RFC 9457).
 */
export class AppError extends Error {
  readonly code: string
  readonly status: number
  readonly title: string
  readonly detail: string | undefined
  readonly faults: FieldFault[] | undefined
  readonly retryAfterSeconds: number | undefined

  constructor(code: string, definition: ErrorDefinition, occurrence: Occurrence = {}) {
    super(occurrence.detail ?? definition.title, { cause: occurrence.cause })
    this.name = 'AppError'
    this.code = code
    this.status = definition.status
    this.title = definition.title
    this.detail = occurrence.detail
    this.faults = occurrence.faults
    this.retryAfterSeconds = occurrence.retryAfterSeconds
  }
}

/**
 * Declares a noun's errors.
 *
 * @param definitions code (`noun.what_happened`) → status and title
 * @returns a function that makes the error for a declared code, to be thrown
 */
export function defineErrors<Code extends string>(definitions: Record<Code, ErrorDefinition>) {
  return (code: Code, occurrence: Occurrence = {}): AppError =>
    new AppError(code, definitions[code], occurrence)
}

/**
 * Why an outside service failed us.
 * - `unreachable`: no connection, or cut before an answer
 * - `timeout`: silent for too long
 * - `unauthorized`: our credentials were refused
 * - `rejected`: it understood and refused (4xx)
 * - `rate_limited`: 429
 * - `unavailable`: 5xx
 * - `contract`: an answer that does not fit its published schema, HTML for instance
 * - `conflict`: what stands there is not ours
 * - `not_yet`: it is still at what was asked for. No failure: looking again a little later is all that is to be done
 */
export type IntegrationFailure =
  | 'unreachable'
  | 'timeout'
  | 'unauthorized'
  | 'rejected'
  | 'rate_limited'
  | 'unavailable'
  | 'contract'
  | 'conflict'
  | 'not_yet'

/**
 * A failure of an outside service. To a caller it is 502 or 503, never the service's own status.
 * The message is for an operator's eyes and holds no secret.
 */
export class IntegrationError extends Error {
  readonly service: string
  readonly kind: IntegrationFailure
  readonly retryable: boolean
  readonly retryAfterSeconds: number | undefined

  constructor(failure: {
    service: string
    kind: IntegrationFailure
    message: string
    /** Default: whether waiting can help for this kind. */
    retryable?: boolean
    retryAfterSeconds?: number
    cause?: unknown
  }) {
    super(failure.message, { cause: failure.cause })
    this.name = 'IntegrationError'
    this.service = failure.service
    this.kind = failure.kind
    this.retryable = failure.retryable ?? !['rejected', 'conflict'].includes(failure.kind)
    this.retryAfterSeconds = failure.retryAfterSeconds
  }
}

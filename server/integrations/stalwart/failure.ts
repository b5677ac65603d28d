import type { Clock } from '#server/lib/clock'
import { IntegrationError, type IntegrationFailure } from '#server/lib/errors'
import { Problem } from './wire'

/** How much of an upstream's own words is repeated, in characters. */
const wordsLimit = 300
/** The longest wait that an upstream can ask of us, so that a wrong clock does not park a tenant for years. */
const longestWaitSeconds = 86_400
/** Refusals that looking anew can turn: what was found a moment ago is gone, or was changed. */
const vanished = [404, 409]

type Failure = Omit<ConstructorParameters<typeof IntegrationError>[0], 'service'>

/** An answer, read to its end. */
export interface Answer {
  status: number
  headers: Headers
  text: string
}

/** What stands in the way of what was asked, as Stalwart 0.16 names it. */
export interface Obstacle {
  readonly object: string
  readonly id: string
}

/** A refusal, with what of it a caller can act on. */
export class RefusedError extends IntegrationError {
  /** Of HTTP; 200 where the refusal came inside of an answer. */
  readonly status: number
  /** Stalwart's own name for it, such as `primaryKeyViolation` (0.16) or `fieldAlreadyExists` (0.15). */
  readonly code: string | undefined
  readonly obstacle: Obstacle | undefined

  constructor(failure: Failure, refusal: { status: number; code?: string; obstacle?: Obstacle }) {
    super({ service: 'stalwart', ...failure })
    this.status = refusal.status
    this.code = refusal.code
    this.obstacle = refusal.obstacle
  }
}

/** Whether it was refused since the name or an address is somebody's already. */
export const isTaken = (error: unknown): error is RefusedError =>
  error instanceof RefusedError && ['primaryKeyViolation', 'fieldAlreadyExists'].includes(error.code ?? '')

/** An IntegrationError of Stalwart's. It never has a cause, which could hold the token or an address. */
export function failed(kind: IntegrationFailure, message: string): IntegrationError {
  return new IntegrationError({ service: 'stalwart', kind, message })
}

/** The failure of an answer that does not fit; `what` completes `… and answered with …`. */
export function misfit(purpose: string, what: string): IntegrationError {
  return failed('contract', `Stalwart was asked to ${purpose} and answered with ${what}`)
}

/**
 * The failure of a call that got no whole answer.
 *
 * @param purpose what was asked, completing `Stalwart could not be asked to …`
 */
export function lostConnection(purpose: string, error: unknown): IntegrationError {
  const code = codeOf(error)
  const reason = code ? `${reasonOf(code)} (${code})` : 'the connection failed'
  return failed('unreachable', `Stalwart could not be asked to ${purpose}: ${reason}`)
}

function codeOf(error: unknown): string | undefined {
  for (let link = error, depth = 0; link instanceof Error && depth < 5; link = link.cause, depth++) {
    if ('code' in link && typeof link.code === 'string' && /^[A-Z][A-Z0-9_]+$/.test(link.code))
      return link.code
  }
  return undefined
}

function reasonOf(code: string): string {
  if (code === 'ECONNREFUSED') return 'nothing listens at its address'
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'its host name does not resolve'
  if (code === 'ECONNRESET' || code === 'EPIPE' || code === 'UND_ERR_SOCKET') return 'the connection was cut'
  if (code === 'ETIMEDOUT' || code === 'UND_ERR_CONNECT_TIMEOUT') return 'connecting took too long'
  if (/CERT|TLS|SSL|SIGNATURE/.test(code)) return 'its certificate is not trusted'
  return 'the connection failed'
}

/**
 * The failure that a status outside of 200 to 299 stands for. Stalwart answers a problem (RFC 7807, and JMAP's,
 * RFC 8620 section 3.6.1); a 4xx in another shape comes from something before it, and may pass.
 *
 * @param purpose what was asked, completing `Stalwart refused to …`
 * @param secrets struck out of the upstream's words
 */
export function refused(
  purpose: string,
  answer: Answer,
  secrets: readonly string[],
  clock: Clock,
): RefusedError {
  const problem = parseProblem(answer.text)
  const kind = kindOf(answer.status, problem)
  const verb = kind === 'rejected' || kind === 'unauthorized' ? 'refused to' : 'did not'
  const words = problem ? `“${plain(problem.said, secrets)}”` : `it answered with ${bodyKind(answer)}`
  const reason =
    answer.status < 400 ? 'it answered with a redirect, and only its final address is asked' : words
  const retryAfterSeconds = parseRetryAfter(answer.headers.get('retry-after'), clock)
  return new RefusedError(
    {
      kind,
      message: `Stalwart ${verb} ${purpose}: ${reason} (${answer.status})`,
      ...(vanished.includes(answer.status) ? { retryable: true } : {}),
      ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    },
    { status: answer.status, ...(problem?.code === undefined ? {} : { code: problem.code }) },
  )
}

function kindOf(status: number, problem: Problem | undefined): IntegrationFailure {
  if (status < 400) return 'contract'
  if (status === 401 || status === 403) return 'unauthorized'
  if (status === 408) return 'timeout'
  if (status === 429 || problem?.code === 'limit') return 'rate_limited'
  if (status >= 500) return 'unavailable'
  return problem ? 'rejected' : 'contract'
}

function parseProblem(text: string): Problem | undefined {
  try {
    return Problem.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}

/** Names what an unfit body is, without repeating any of it. */
export function bodyKind({ headers, text }: Answer): string {
  if (!text.trim()) return 'an empty body'
  const isHtml = /html/i.test(headers.get('content-type') ?? '') || /^\s*<(!doctype|html)/i.test(text)
  return isHtml ? 'an HTML page in place of JSON' : 'a body that does not fit its schema'
}

/** Upstream words made fit for a log: one line, no markup or control characters, no secret, not endless. */
export function plain(words: string, secrets: readonly string[]): string {
  const clean = secrets
    .reduce((text, secret) => text.replaceAll(secret, '[redacted]'), words)
    .replace(/<[^>]*>/g, ' ')
    .replace(/[\p{C}\s]+/gu, ' ')
    .trim()
  return clean.length > wordsLimit ? `${clean.slice(0, wordsLimit)}…` : clean
}

/** Seconds by a Retry-After header (RFC 9110 section 10.2.3), 0 to a day; undefined if absent or malformed. */
function parseRetryAfter(header: string | null, clock: Clock): number | undefined {
  const seconds = header === null ? Number.NaN : secondsUntil(header, clock)
  return Number.isNaN(seconds) ? undefined : Math.min(Math.max(seconds, 0), longestWaitSeconds)
}

function secondsUntil(header: string, clock: Clock): number {
  if (/^\d+$/.test(header)) return Number(header)
  // Date.parse alone takes nearly anything; a date of HTTP begins with a weekday and is in GMT.
  const date = /^[A-Z][a-z]+, .+ GMT$/.test(header) ? Date.parse(header) : Number.NaN
  return Math.ceil((date - clock.now().getTime()) / 1000)
}

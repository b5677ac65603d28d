import type { Clock } from '#server/lib/clock'
import { IntegrationError, type IntegrationFailure } from '#server/lib/errors'
import { Refusal } from './wire'

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

/** A refusal by status, with the names of the fields that the upstream found at fault. */
export class RefusedError extends IntegrationError {
  readonly fields: readonly string[]
  readonly status: number

  constructor(failure: Failure, fields: readonly string[], status: number) {
    super({ service: 'authentik', ...failure })
    this.fields = fields
    this.status = status
  }
}

/** An IntegrationError of Authentik's. It never has a cause, which could hold the token or an address. */
export function failed(kind: IntegrationFailure, message: string): IntegrationError {
  return new IntegrationError({ service: 'authentik', kind, message })
}

/**
 * The failure of a call that got no whole answer.
 *
 * @param purpose what was asked, completing `Authentik could not be asked to …`
 */
export function lostConnection(purpose: string, error: unknown): IntegrationError {
  const code = codeOf(error)
  const reason = code ? `${reasonOf(code)} (${code})` : 'the connection failed'
  return failed('unreachable', `Authentik could not be asked to ${purpose}: ${reason}`)
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
 * The failure that a status outside of 200 to 299 stands for. 403 is how Authentik answers a bad token. A 4xx
 * in another shape than its own comes from something before it, and may pass.
 *
 * @param purpose what was asked, completing `Authentik refused to …`
 * @param secret struck out of the upstream's words
 */
export function refused(purpose: string, answer: Answer, secret: string, clock: Clock): RefusedError {
  const refusal = parseRefusal(answer.text)
  const kind = kindOf(answer.status, refusal !== undefined)
  const verb = kind === 'rejected' || kind === 'unauthorized' ? 'refused to' : 'did not'
  const words = refusal ? `“${plain(refusal.said, secret)}”` : `it answered with ${bodyKind(answer)}`
  const reason =
    answer.status < 400 ? 'it answered with a redirect, and only its final address is asked' : words
  const retryAfterSeconds = parseRetryAfter(answer.headers.get('retry-after'), clock)
  return new RefusedError(
    {
      kind,
      message: `Authentik ${verb} ${purpose}: ${reason} (${answer.status})`,
      ...(vanished.includes(answer.status) ? { retryable: true } : {}),
      ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    },
    refusal?.fields ?? [],
    answer.status,
  )
}

function kindOf(status: number, isOurs: boolean): IntegrationFailure {
  if (status < 400) return 'contract'
  if (status === 401 || status === 403) return 'unauthorized'
  if (status === 408) return 'timeout'
  if (status === 429) return 'rate_limited'
  if (status >= 500) return 'unavailable'
  return isOurs ? 'rejected' : 'contract'
}

function parseRefusal(text: string): Refusal | undefined {
  try {
    return Refusal.safeParse(JSON.parse(text)).data
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
function plain(words: string, secret: string): string {
  const clean = words
    .replaceAll(secret, '[redacted]')
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

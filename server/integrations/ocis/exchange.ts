import type { z } from 'zod'
import type { Clock } from '#server/lib/clock'
import { ask } from './answer'
import type { Authorization } from './authorization'
import { bodyKind, failed, refused, type Answer } from './failure'

const answerLimitBytes = 16 * 1024 * 1024
/** Spaces and accounts are not paged: what there is comes in one answer, which is built while we wait. */
const listing = { limitBytes: 256 * 1024 * 1024, patience: 6 }

/** One call: what for, what is sent, what must come back. */
export interface Call<Schema extends z.ZodType> {
  /** Completes `OCIS refused to …`. */
  purpose: string
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** Below `/graph`, not yet encoded. */
  path: readonly string[]
  query?: Record<string, string>
  headers?: Record<string, string>
  body?: unknown
  /** What has to come back; an empty body is undefined. */
  answer: Schema
  /** Of all that there is, without pages: it may be larger, and take six times as long. */
  isListing?: boolean
}

/**
 * Asks once; a second time where a token was refused (401) that another can take the place of.
 *
 * @throws IntegrationError for every failure; the signal's own reason where the signal ended it
 */
export type Exchange = <Schema extends z.ZodType>(
  call: Call<Schema>,
  signal: AbortSignal,
) => Promise<z.output<Schema>>

/**
 * Makes the one way in which OCIS is asked: within a time limit, redirects not followed, the answer limited in size
 * and held against its schema.
 *
 * @param options.base origin and path, up to `/graph`
 * @param options.timeoutMs for one call, from sending to the answer's last byte
 */
export function createExchange(options: {
  base: string
  authorization: Authorization
  timeoutMs: number
  clock: Clock
  fetch: typeof globalThis.fetch
}): Exchange {
  const { base, authorization, timeoutMs, clock, fetch } = options

  function send(call: Call<z.ZodType>, header: string, signal: AbortSignal): Promise<Answer> {
    const { purpose, method, body, isListing } = call
    const headers: Record<string, string> = {
      authorization: header,
      accept: 'application/json',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...call.headers,
    }
    const search = call.query ? `?${new URLSearchParams(call.query)}` : ''
    const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }
    const limits = isListing
      ? { timeoutMs: timeoutMs * listing.patience, limitBytes: listing.limitBytes }
      : { timeoutMs, limitBytes: answerLimitBytes }
    const url = `${base}/${call.path.map(encode).join('/')}${search}`
    return ask({ who: 'OCIS', purpose, url, init, fetch, ...limits }, signal)
  }

  return async (call, signal) => {
    const header = await authorization.header(signal)
    let answer = await send(call, header, signal)
    if (answer.status === 401 && authorization.forget(header)) {
      answer = await send(call, await authorization.header(signal), signal)
    }
    if (answer.status < 200 || answer.status > 299) {
      throw refused('OCIS', call.purpose, answer, authorization.secrets(), clock)
    }
    return parse(call.purpose, answer, call.answer)
  }
}

/** For one segment of a path; the ids hold `$`, `!` and `:`, of which encodeURIComponent leaves the second. */
function encode(segment: string): string {
  return encodeURIComponent(segment).replaceAll('!', '%21')
}

function parse<Schema extends z.ZodType>(purpose: string, answer: Answer, schema: Schema): z.output<Schema> {
  const misfit = (what: string) =>
    failed('contract', `OCIS was asked to ${purpose} and answered with ${what} (${answer.status})`)
  let body: unknown
  try {
    body = answer.text.trim() ? JSON.parse(answer.text) : undefined
  } catch {
    throw misfit(bodyKind(answer))
  }
  const parsed = schema.safeParse(body)
  if (parsed.success) return parsed.data
  if (body === undefined) throw misfit(bodyKind(answer))
  const path = parsed.error.issues[0]?.path.join('.')
  throw misfit(`a body that does not fit its schema${path ? ` at ${path}` : ''}`)
}

import type { z } from 'zod'
import type { Clock } from '#server/lib/clock'
import { bodyKind, failed, lostConnection, misfit, refused, type Answer } from './failure'

/** Far above any true answer: a page of 100 domains carries their zones. */
const answerLimitBytes = 16 * 1024 * 1024

/** One call: what for, how it is sent, what must come back. */
export interface Call<Schema extends z.ZodType> {
  /** Completes `Stalwart refused to …`. */
  purpose: string
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** Below the server's address, beginning with a slash; what is variable in it has to be encoded. */
  path: string
  body?: unknown
  answer: Schema
}

/**
 * Asks once.
 *
 * @throws IntegrationError for every failure; the signal's own reason where the signal ended it
 */
export type Exchange = <Schema extends z.ZodType>(
  call: Call<Schema>,
  signal: AbortSignal,
) => Promise<z.output<Schema>>

/** Where Stalwart is, and how it is asked. */
export interface ExchangeOptions {
  /** Without a slash at its end. */
  base: string
  /** The header of every call. */
  authorization: string
  /** Struck out of whatever an error repeats. */
  secrets: readonly string[]
  /** For one call, from sending to the answer's last byte. */
  timeoutMs: number
  fetch: typeof globalThis.fetch
  clock: Clock
}

/**
 * Makes the one way in which Stalwart is asked: within a time limit, redirects not followed (the token stays where
 * it was sent), the answer limited in size and held against its schema.
 */
export function createExchange(options: ExchangeOptions): Exchange {
  const { base, authorization, secrets, timeoutMs, fetch, clock } = options

  return async ({ purpose, method, path, body, answer: schema }, signal) => {
    signal.throwIfAborted()
    const deadline = AbortSignal.timeout(timeoutMs)
    let answer: Answer | undefined
    try {
      const response = await fetch(base + path, {
        method,
        headers: {
          authorization,
          accept: 'application/json',
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.any([signal, deadline]),
        redirect: 'manual',
      })
      answer = await read(response)
    } catch (error) {
      signal.throwIfAborted()
      throw deadline.aborted
        ? failed('timeout', `Stalwart was silent for ${timeoutMs / 1000} s when asked to ${purpose}`)
        : lostConnection(purpose, error)
    }
    if (!answer) throw failed('contract', `Stalwart was asked to ${purpose}, and its answer is too large`)
    if (answer.status < 200 || answer.status > 299) throw refused(purpose, answer, secrets, clock)
    return parse(purpose, answer, schema)
  }
}

/** Reads an answer to its end; undefined where that is beyond the limit. */
async function read(response: Response): Promise<Answer | undefined> {
  const chunks: Uint8Array[] = []
  const reader = response.body?.getReader()
  for (let size = 0; reader;) {
    const { done, value } = await reader.read()
    if (done) break
    size += value.byteLength
    if (size > answerLimitBytes) {
      await reader.cancel()
      return undefined
    }
    chunks.push(value)
  }
  const text = Buffer.concat(chunks).toString('utf8')
  return { status: response.status, headers: response.headers, text }
}

function parse<Schema extends z.ZodType>(purpose: string, answer: Answer, schema: Schema): z.output<Schema> {
  let body: unknown
  try {
    body = JSON.parse(answer.text)
  } catch {
    throw misfit(purpose, `${bodyKind(answer)} (${answer.status})`)
  }
  return fit(purpose, body, schema, String(answer.status))
}

/**
 * Holds what was answered against its schema.
 *
 * @param where shown in brackets, such as the status or the method
 * @throws IntegrationError `contract`, naming the first place that does not fit
 */
export function fit<Schema extends z.ZodType>(
  purpose: string,
  value: unknown,
  schema: Schema,
  where: string,
): z.output<Schema> {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  // Keys of records are the upstream's words too.
  const path = parsed.error.issues[0]?.path
    .join('.')
    .replace(/[^\w.@:/-]/g, '')
    .slice(0, 100)
  throw misfit(purpose, `a body that does not fit its schema${path ? ` at ${path}` : ''} (${where})`)
}

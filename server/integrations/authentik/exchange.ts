import { ResponseError, type ApiResponse } from '@goauthentik/api/dist/runtime.js'
import type { z } from 'zod'
import type { Clock } from '#server/lib/clock'
import { bodyKind, failed, lostConnection, refused, type Answer } from './failure'

/** Far above any true answer: a group lists the ids of its members, a changed one their profiles too. */
const answerLimitBytes = 16 * 1024 * 1024

/** RFC 9110 section 15.3.5: there is no body, and schemas see undefined. */
const noContent = 204

/** One call: what for, how it is sent, what must come back. */
export interface Call<Schema extends z.ZodType> {
  /** Completes `Authentik refused to …`. */
  purpose: string
  /** Sends it through the generated client, whose `…Raw` methods give the answer unread. */
  send: (init: RequestInit) => Promise<ApiResponse<unknown>>
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

/**
 * Makes the one way in which Authentik is asked: within a time limit, redirects not followed (the token stays
 * where it was sent), the answer limited in size and held against its schema.
 *
 * @param options.timeoutMs for one call, from sending to the answer's last byte
 * @param options.token struck out of whatever an error repeats
 */
export function createExchange(options: { timeoutMs: number; token: string; clock: Clock }): Exchange {
  const { timeoutMs, token, clock } = options

  return async ({ purpose, send, answer: schema }, signal) => {
    const deadline = AbortSignal.timeout(timeoutMs)
    let answer: Answer | undefined
    try {
      answer = await read(
        await settle(send({ signal: AbortSignal.any([signal, deadline]), redirect: 'manual' })),
      )
    } catch (error) {
      signal.throwIfAborted()
      throw deadline.aborted
        ? failed('timeout', `Authentik was silent for ${timeoutMs / 1000} s when asked to ${purpose}`)
        : lostConnection(purpose, error)
    }
    if (!answer) throw failed('contract', `Authentik was asked to ${purpose}, and its answer is too large`)
    if (answer.status < 200 || answer.status > 299) throw refused(purpose, answer, token, clock)
    return parse(purpose, answer, schema)
  }
}

/** The generated client throws for a status outside of 200 to 299; its answer is wanted all the same. */
async function settle(sent: Promise<ApiResponse<unknown>>): Promise<Response> {
  try {
    return (await sent).raw
  } catch (error) {
    if (error instanceof ResponseError) return error.response
    throw error
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
  const misfit = (what: string) =>
    failed('contract', `Authentik was asked to ${purpose} and answered with ${what} (${answer.status})`)
  let body: unknown
  try {
    body = answer.status === noContent ? undefined : JSON.parse(answer.text)
  } catch {
    throw misfit(bodyKind(answer))
  }
  const parsed = schema.safeParse(body)
  if (parsed.success) return parsed.data
  const path = parsed.error.issues[0]?.path.join('.')
  throw misfit(`a body that does not fit its schema${path ? ` at ${path}` : ''}`)
}

import type { z } from 'zod'
import type { Clock } from '#server/lib/clock'
import type { Places } from '#server/lib/places'
import { createCaller } from '../http/caller'
import { sendJson } from '../http/request'
import type { Authorization } from './authorization'
import { ocisAsked, RefusedError } from './failure'

/** Spaces and accounts are not paged: what there is comes in one answer, which is built while we wait. */
const listing = { limitBytes: 256 * 1024 * 1024, patience: 6 }

/** One call: what for, what is sent, what must come back. */
export interface Call<Schema extends z.ZodType> {
  /** Completes `OCIS refused to …`. */
  purpose: string
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** Below `/graph`, or beside it below `/auth-app`; not yet encoded. */
  path: readonly string[]
  of?: 'auth-app'
  query?: Record<string, string>
  headers?: Record<string, string>
  body?: unknown
  /** What has to come back; an empty body is undefined. */
  answer: Schema
  /** Of all that there is, without pages: it may be larger, and take six times as long. */
  isListing?: boolean
  /** Is given the items of a listing one by one, as `createCaller` says; what comes back has none. */
  each?: ((item: unknown) => void) | undefined
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
 * Makes the one way in which OCIS is asked, as `createCaller` says.
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
  places?: Places | undefined
}): Exchange {
  const { base, authorization, timeoutMs, fetch } = options
  const ask = createCaller(
    ocisAsked(() => authorization.secrets()),
    options,
  )
  const patience = { timeoutMs: timeoutMs * listing.patience, limitBytes: listing.limitBytes }

  function askAs<Schema extends z.ZodType>(
    header: string,
    call: Call<Schema>,
    signal: AbortSignal,
  ): Promise<z.output<Schema>> {
    const { purpose, answer, method, body, each } = call
    const search = call.query ? `?${new URLSearchParams(call.query)}` : ''
    const root = call.of ? base.replace(/graph$/, call.of) : base
    const url = `${root}/${call.path.map(encode).join('/')}${search}`
    const headers = { authorization: header, ...call.headers }
    const send = sendJson(fetch, { url, method, headers, body })
    return ask({ purpose, answer, send, each, ...(call.isListing ? patience : {}) }, signal)
  }

  return async (call, signal) => {
    const header = await authorization.header(signal)
    try {
      return await askAs(header, call, signal)
    } catch (error) {
      const isRefused = error instanceof RefusedError && error.status === 401
      if (!isRefused || !authorization.forget(header)) throw error
      return askAs(await authorization.header(signal), call, signal)
    }
  }
}

/** For one segment of a path; the ids hold `$`, `!` and `:`, of which encodeURIComponent leaves the second. */
function encode(segment: string): string {
  return encodeURIComponent(segment).replaceAll('!', '%21')
}

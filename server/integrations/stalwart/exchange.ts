import { z } from 'zod'
import type { Clock } from '#server/lib/clock'
import type { Places } from '#server/lib/places'
import { createCaller } from '../http/caller'
import { sendJson } from '../http/request'
import { stalwartAsked } from './failure'

/** Whatever it is, but not nothing. */
export const anything = z.unknown().refine((body) => body !== undefined)

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
  places?: Places | undefined
}

/** Makes the one way in which Stalwart is asked, as `createCaller` says. */
export function createExchange(options: ExchangeOptions): Exchange {
  const { base, authorization, fetch } = options
  const ask = createCaller(stalwartAsked(options.secrets), options)
  return ({ purpose, answer, path, ...request }, signal) => {
    const send = sendJson(fetch, { ...request, url: base + path, headers: { authorization } })
    return ask({ purpose, answer, send }, signal)
  }
}

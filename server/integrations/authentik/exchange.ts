import { ResponseError, type ApiResponse } from '@goauthentik/api/dist/runtime.js'
import type { z } from 'zod'
import type { Clock } from '#server/lib/clock'
import type { Places } from '#server/lib/places'
import { createCaller } from '../http/caller'
import { authentikAsked } from './failure'

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
 * Makes the one way in which Authentik is asked, as `createCaller` says, through its generated client.
 *
 * @param options.timeoutMs for one call, from sending to the answer's last byte
 * @param options.token struck out of whatever an error repeats
 */
export function createExchange(options: {
  timeoutMs: number
  token: string
  clock: Clock
  places?: Places | undefined
}): Exchange {
  const ask = createCaller(authentikAsked(options.token), options)
  return ({ send, ...call }, signal) => ask({ ...call, send: (init) => settle(send(init)) }, signal)
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

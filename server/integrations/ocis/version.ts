import { z } from 'zod'
import type { Clock } from '#server/lib/clock'
import type { Places } from '#server/lib/places'
import { createCaller } from '../http/caller'
import { sendJson } from '../http/request'
import { ocisAsked } from './failure'

const answerLimitBytes = 64 * 1024

/** Only this is the server's own: `version` is what clients of ownCloud 10 want to read. */
const Status = z.object({ productversion: z.unknown() })

/**
 * Makes the function that asks for the version in `/status.php`. It is told to everybody, so that no credential is sent.
 *
 * @param options.base origin and path, without `/graph`
 * @returns a function that gives whatever it says, and throws what `createCaller` says
 */
export function createVersionReader(options: {
  base: string
  timeoutMs: number
  clock: Clock
  fetch: typeof globalThis.fetch
  places?: Places | undefined
}): (signal: AbortSignal) => Promise<unknown> {
  const ask = createCaller(
    ocisAsked(() => []),
    options,
  )
  const send = sendJson(options.fetch, { url: `${options.base}/status.php`, method: 'GET', headers: {} })
  const call = { purpose: 'say its version', send, answer: Status, limitBytes: answerLimitBytes }
  return async (signal) => (await ask(call, signal)).productversion
}

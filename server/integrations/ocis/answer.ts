import { failed, lostConnection, type Answer, type Respondent } from './failure'

/** One request, and how long and large its answer may be. */
export interface Request {
  who: Respondent
  /** Completes `OCIS could not be asked to …`. */
  purpose: string
  url: string
  init: RequestInit
  /** From sending to the answer's last byte. */
  timeoutMs: number
  limitBytes: number
  fetch: typeof globalThis.fetch
}

/**
 * Sends once and reads the answer to its end, whatever its status. Redirects are not followed, so that a token stays
 * where it was sent.
 *
 * @throws IntegrationError where no whole answer came; the signal's own reason where the signal ended it
 */
export async function ask(request: Request, signal: AbortSignal): Promise<Answer> {
  const { who, purpose, timeoutMs } = request
  signal.throwIfAborted()
  const deadline = AbortSignal.timeout(timeoutMs)
  const either = AbortSignal.any([signal, deadline])
  let answer: Answer | undefined
  try {
    const response = await request.fetch(request.url, {
      ...request.init,
      signal: either,
      redirect: 'manual',
    })
    answer = await read(response, request.limitBytes)
  } catch (error) {
    signal.throwIfAborted()
    throw deadline.aborted
      ? failed('timeout', `${who} was silent for ${timeoutMs / 1000} s when asked to ${purpose}`)
      : lostConnection(who, purpose, error)
  }
  if (!answer) throw failed('contract', `${who} was asked to ${purpose}, and its answer is too large`)
  return answer
}

/** Reads an answer to its end; undefined where that is beyond the limit. */
async function read(response: Response, limitBytes: number): Promise<Answer | undefined> {
  const chunks: Uint8Array[] = []
  const reader = response.body?.getReader()
  for (let size = 0; reader;) {
    const { done, value } = await reader.read()
    if (done) break
    size += value.byteLength
    if (size > limitBytes) {
      await reader.cancel()
      return undefined
    }
    chunks.push(value)
  }
  const text = Buffer.concat(chunks).toString('utf8')
  return { status: response.status, headers: response.headers, text }
}

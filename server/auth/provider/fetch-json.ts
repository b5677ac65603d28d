import { IntegrationError, type IntegrationFailure } from '#server/lib/errors'
import { isConfidential } from '#shared/contracts/issuer'

/** What is asked of a provider. */
export interface ProviderRequest {
  method?: 'GET' | 'POST'
  headers?: Record<string, string>
  body?: string
}

const patienceMilliseconds = 5_000
const limitBytes = 512 * 1024

const failure = (kind: IntegrationFailure, message: string, cause?: unknown) =>
  new IntegrationError({ service: 'oidc', kind, message, cause })

/**
 * Asks an OpenID provider for JSON, as a careful client does: over https but on this very machine, to the end within 5
 * seconds, 512 KiB at most, and never where a redirect leads.
 *
 * @returns the JSON, of whatever shape
 * @throws IntegrationError in words for an operator, without anything that was sent or answered
 */
export async function fetchJson(address: string, request: ProviderRequest = {}): Promise<unknown> {
  if (!isConfidential(address)) throw failure('contract', 'The address is not https.')
  const signal = AbortSignal.timeout(patienceMilliseconds)
  try {
    const response = await fetch(address, {
      ...request,
      headers: { accept: 'application/json', ...request.headers },
      redirect: 'manual',
      signal,
    })
    const text = await readBounded(response)
    if (!response.ok) throw refusal(response.status)
    return parseJson(text)
  } catch (error) {
    if (error instanceof IntegrationError) throw error
    if (signal.aborted)
      throw failure('timeout', `It did not answer within ${patienceMilliseconds / 1000} seconds.`)
    throw failure('unreachable', `It can't be reached${reasonOf(error)}.`, error)
  }
}

function refusal(status: number): IntegrationError {
  if (status >= 300 && status < 400) return failure('contract', `It answered with a redirect (${status}).`)
  if (status === 429) return failure('rate_limited', 'It asks us to wait (429).')
  if (status === 401 || status === 403) return failure('unauthorized', `It refused us (${status}).`)
  return failure(status >= 500 ? 'unavailable' : 'rejected', `It answered ${status}.`)
}

function reasonOf(error: unknown): string {
  const cause = (error as { cause?: { code?: unknown } }).cause
  return typeof cause?.code === 'string' ? ` (${cause.code})` : ''
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    const what = /^\s*</.test(text) ? 'a web page' : 'something else'
    throw failure('contract', `It answered with ${what} instead of JSON.`)
  }
}

async function readBounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of (response.body as AsyncIterable<Uint8Array> | null) ?? []) {
    bytes += chunk.length
    // Leaving the loop cancels the rest.
    if (bytes > limitBytes) throw failure('contract', `Its answer is longer than ${limitBytes / 1024} KiB.`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

import { setResponseHeader, type H3Event } from 'h3'
import { bearerError } from '#server/auth/bearer/bearer'
import { dpopAlgorithms } from '#server/auth/bearer/dpop'
import type { Refused } from '#server/auth/refusals/refusals'
import { AppError } from '#server/lib/errors'
import { sessionToken } from './cookies'
import { deviceOf } from './device'

/** Schemes of the Authorization header by which somebody says who is calling; others are nobody's business here. */
export type Scheme = 'Bearer' | 'DPoP' | 'PoP'

/**
 * The Authorization headers of a request that comes with one of a scheme; empty where it comes with none. Schemes that
 * are not ours, such as a proxy's Basic, do not count by themselves.
 */
function headersOf(event: H3Event, scheme: Scheme): string[] {
  const { headers, headersDistinct } = event.node.req
  // Node keeps the first of several in `headers`; calls within the process have no others.
  const all = headersDistinct?.authorization ?? [headers.authorization ?? '']
  return all.some((header) => new RegExp(`^\\s*${scheme}\\b`, 'i').test(header)) ? all : []
}

/**
 * Does what is to be done for a request that comes with a scheme's credential. What says in two ways who is calling is
 * refused: a credential beside our cookie, and several Authorization headers.
 *
 * @param work given the one header, trimmed; a refusal that it throws is noted, and told in WWW-Authenticate
 * @returns whether the request came with such a credential
 * @throws AppError auth.ambiguous; what `work` throws
 */
export async function withCredential(
  event: H3Event,
  scheme: Scheme,
  work: (header: string) => Promise<void>,
): Promise<boolean> {
  const given = headersOf(event, scheme)
  const [header = '', ...more] = given
  if (given.length === 0) return false
  try {
    if (more.length > 0)
      throw bearerError('auth.ambiguous', { detail: 'It has several Authorization headers.' })
    if (sessionToken(event) !== undefined)
      throw bearerError('auth.ambiguous', { detail: `It has a session cookie and a ${nounOf[scheme]}.` })
    await work(header.trim())
    return true
  } catch (error) {
    if (error instanceof AppError && error.status < 500)
      await noteRefusal(event, { error, scheme, credential: given.join() })
    throw error
  }
}

const nounOf = { Bearer: 'token', DPoP: 'token', PoP: 'proof' } as const satisfies Record<Scheme, Refused>

/** RFC 6750 section 3, RFC 9449 section 7.1; ours for proofs of machines. */
function challengeOf(scheme: Scheme, code: string, status: number): string {
  const ofProof = code.startsWith('dpop.') ? 'invalid_dpop_proof' : 'invalid_token'
  const invalid = scheme === 'PoP' ? 'invalid_proof' : ofProof
  const error = status === 400 ? 'invalid_request' : invalid
  return `${scheme} error="${error}"${scheme === 'DPoP' ? `, algs="${dpopAlgorithms.join(' ')}"` : ''}`
}

interface RefusedCredential {
  error: AppError
  scheme: Scheme
  credential: string
}

/** Says so in the answer, the log and, as far as it is not flooded, the audit. The answer does not depend on these. */
async function noteRefusal(
  event: H3Event,
  { error: { code, status }, scheme, credential }: RefusedCredential,
): Promise<void> {
  const { container, requestId } = event.context
  const refused = nounOf[scheme]
  if ((status === 400 || status === 401) && !event.node.res.headersSent) {
    setResponseHeader(event, 'WWW-Authenticate', challengeOf(scheme, code, status))
  }
  const address = deviceOf(event).address ?? 'unknown'
  container.log.info({ requestId, code, address }, `a ${refused} was refused`)
  try {
    await container.refusals.note(container.scopes.platform(requestId), {
      refused,
      code,
      credential,
      address,
    })
  } catch (err) {
    container.log.warn({ requestId, err }, `a refused ${refused} could not be noted`)
  }
}

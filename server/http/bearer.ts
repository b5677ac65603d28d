import { setResponseHeader, type H3Event } from 'h3'
import { bearerError } from '#server/auth/bearer/bearer'
import { admitBearer, findBearerCaller } from '#server/auth/bearer/bearer-person'
import { AppError } from '#server/lib/errors'
import { sessionToken } from './cookies'
import { deviceOf } from './device'

/** Form of a token in the header (RFC 6750 section 2.1). */
const credentials = /^Bearer +([A-Za-z0-9\-._~+/]+=*)$/i

/**
 * The Authorization headers of a request that comes with a token; empty where it comes with none. Schemes that are not
 * ours, such as a proxy's Basic, are nobody's business.
 */
function bearerHeaders(event: H3Event): string[] {
  const { headers, headersDistinct } = event.node.req
  // Node keeps the first of several in `headers`; calls within the process have no others.
  const all = headersDistinct?.authorization ?? [headers.authorization ?? '']
  return all.some((header) => /^\s*bearer\b/i.test(header)) ? all : []
}

/**
 * Finds out who calls with a token, from the database each time. What says in two ways who is calling is refused: a
 * token beside our cookie, and several tokens.
 *
 * @returns whether the request came with a token; its caller is null where nobody here has its identity
 * @throws AppError of server/auth/bearer, with the challenge of RFC 6750 section 3
 */
export async function findBearer(event: H3Event): Promise<boolean> {
  const given = bearerHeaders(event)
  if (given.length === 0) return false
  try {
    const { container, requestId } = event.context
    const token = tokenOf(given, sessionToken(event) !== undefined)
    const address = deviceOf(event).address ?? 'unknown'
    const verified = await container.bearer.verify(token, () => container.refusals.refuseInsistent(address))
    event.context.bearer = { token, verified }
    event.context.caller = await findBearerCaller(container.scopes.platform(requestId), verified)
    return true
  } catch (error) {
    if (error instanceof AppError && error.status < 500) await noteRefusal(event, error, given.join())
    throw error
  }
}

/**
 * Makes the user of the request's token, or brings them up to date, where it came with one.
 *
 * @throws AppError auth.claims_invalid, auth.user_disabled, auth.email_taken
 */
export async function settleBearer(event: H3Event): Promise<void> {
  const { bearer, caller, container, requestId } = event.context
  if (!bearer) return
  const scope = container.scopes.platform(requestId)
  event.context.caller = await admitBearer(scope, container, { ...bearer, known: caller })
}

function tokenOf([given = '', ...more]: string[], withCookie: boolean): string {
  if (more.length > 0)
    throw bearerError('auth.ambiguous', { detail: 'It has several Authorization headers.' })
  if (withCookie) throw bearerError('auth.ambiguous', { detail: 'It has a session cookie and a token.' })
  const token = credentials.exec(given.trim())?.[1]
  if (!token) throw bearerError('auth.token_malformed')
  return token
}

/** Says so in the answer, the log and, as far as it is not flooded, the audit. The answer does not depend on these. */
async function noteRefusal(event: H3Event, { code, status }: AppError, credential: string): Promise<void> {
  const { container, requestId } = event.context
  if ((status === 400 || status === 401) && !event.node.res.headersSent) {
    const error = status === 400 ? 'invalid_request' : 'invalid_token'
    setResponseHeader(event, 'WWW-Authenticate', `Bearer error="${error}"`)
  }
  const address = deviceOf(event).address ?? 'unknown'
  container.log.info({ requestId, code, address }, 'a token was refused')
  try {
    const refusal = { refused: 'token', code, credential, address } as const
    await container.refusals.note(container.scopes.platform(requestId), refusal)
  } catch (err) {
    container.log.warn({ requestId, err }, 'a refused token could not be noted')
  }
}

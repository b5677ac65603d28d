import { getResponseHeader, setResponseHeader, setResponseStatus, type H3Event } from 'h3'
import type { Problem } from '#shared/contracts/common'
import { loggedPath } from './logged-path'
import { problemOf, toAppError } from './problem'

/** Sets status and headers for an error, logs what is our own fault, and gives the body to answer with. */
export function answerProblem(event: H3Event, thrown: unknown): Problem {
  const error = toAppError(thrown)
  const { requestId, container } = event.context
  if (error.status >= 500) {
    const cause = error.cause ?? error
    const fields = {
      requestId,
      method: event.method,
      path: loggedPath(event.path),
      code: error.code,
      err: cause,
    }
    container?.log.error(fields, 'request failed')
  }
  setResponseStatus(event, error.status)
  setResponseHeader(event, 'Content-Type', 'application/problem+json')
  setResponseHeader(event, 'Cache-Control', 'no-store')
  // A 401 says how to do better (RFC 9110 section 15.5.2).
  if (error.status === 401 && !getResponseHeader(event, 'WWW-Authenticate'))
    setResponseHeader(
      event,
      'WWW-Authenticate',
      error.code === 'auth.proof_required'
        ? 'PoP'
        : `Bearer${event.context.bearer ? ' error="invalid_token"' : ''}`,
    )
  if (error.retryAfterSeconds !== undefined) setResponseHeader(event, 'Retry-After', error.retryAfterSeconds)
  // What is still on its way is not read: the connection goes instead.
  if (error.status === 413) setResponseHeader(event, 'Connection', 'close')
  return problemOf(error, requestId)
}

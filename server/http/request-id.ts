import { setResponseHeader, type H3Event } from 'h3'
import { newId } from '#server/lib/ids'

/** The caller's own X-Request-Id where it is a sane token of 1 to 128 characters, else a new id. */
export function requestIdFrom(header: string | undefined): string {
  return header && /^[A-Za-z0-9._~-]{1,128}$/.test(header) ? header : newId()
}

/** Names a request, in its answer and in the log. */
export function nameRequest(event: H3Event): void {
  const header = event.node.req.headers['x-request-id']
  event.context.requestId = requestIdFrom(Array.isArray(header) ? header[0] : header)
  setResponseHeader(event, 'X-Request-Id', event.context.requestId)
}

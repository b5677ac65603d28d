import { timingSafeEqual } from 'node:crypto'
import { getRequestHeader, setResponseHeader, type H3Event } from 'h3'
import { sha256 } from '#server/lib/ids'
import { httpError } from './http.errors'

/**
 * Lets whoever has METRICS_TOKEN pass.
 *
 * @param wanted undefined: there are no metrics
 * @throws AppError route.not_found, metrics.token_refused
 */
export function requireMetricsToken(event: H3Event, wanted: string | undefined): void {
  if (wanted === undefined) throw httpError('route.not_found')
  const [, sent = ''] = /^Bearer +([^\s]{1,512})$/i.exec(getRequestHeader(event, 'authorization') ?? '') ?? []
  // Of the same length, whatever was sent.
  if (timingSafeEqual(Buffer.from(sha256(sent)), Buffer.from(sha256(wanted)))) return
  setResponseHeader(event, 'WWW-Authenticate', 'Bearer')
  throw httpError('metrics.token_refused')
}

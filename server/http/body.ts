import { readRawBody, type H3Event } from 'h3'
import { AppError } from '#server/lib/errors'
import './event-context'
import { httpError } from './http.errors'

/** Most bytes that a body may have: the longest vault value with room for its JSON escapes. */
export const bodyLimitBytes = 512 * 1024

/**
 * Reads a JSON body.
 *
 * @returns undefined where there is no body at all
 * @throws AppError request.too_large, request.cut_off, request.wrong_media_type, request.not_json
 */
export async function readJsonBody(event: H3Event): Promise<unknown> {
  const raw = await readBodyBytes(event)
  if (raw.length === 0) return undefined
  const mediaType = event.node.req.headers['content-type']?.split(';')[0]?.trim().toLowerCase()
  if (mediaType !== 'application/json') throw httpError('request.wrong_media_type')
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(raw))
  } catch {
    throw httpError('request.not_json')
  }
}

/**
 * The raw bytes of the body, of which there may be none; read once, however often they are asked for.
 *
 * @throws AppError request.too_large, request.cut_off
 */
export function readBodyBytes(event: H3Event): Promise<Uint8Array> {
  event.context.body ??= readBoundedBody(event).catch((error: unknown) => {
    // A client that leaves is no failure of a service, whatever its socket's error is called.
    throw error instanceof AppError ? error : httpError('request.cut_off', { cause: error })
  })
  return event.context.body
}

async function readBoundedBody(event: H3Event): Promise<Uint8Array> {
  const declared = event.node.req.headers['content-length']
  if (Number(declared ?? 0) > bodyLimitBytes) throw httpError('request.too_large')
  if (event.node.req.headers['transfer-encoding'] === undefined) {
    const body = declared === undefined && 'body' in event.node.req ? event.node.req.body : undefined
    if (declared === undefined && body === undefined) return new Uint8Array()
    return (await readRawBody(event, false)) ?? new Uint8Array()
  }
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of event.node.req) {
    bytes += chunk.length
    if (bytes > bodyLimitBytes) throw httpError('request.too_large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

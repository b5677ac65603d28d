import { readRawBody, getRequestHeader, type H3Event } from 'h3'
import { httpError } from './http.errors'

const limitBytes = 64 * 1024

/**
 * Reads a body of application/x-www-form-urlencoded.
 *
 * @returns its fields; one that is there twice is left out, as nobody knows which one was meant
 * @throws AppError request.wrong_media_type, request.too_large
 */
export async function readForm(event: H3Event): Promise<Record<string, string>> {
  const [mediaType = ''] = (getRequestHeader(event, 'content-type') ?? '').split(';')
  if (mediaType.trim().toLowerCase() !== 'application/x-www-form-urlencoded')
    throw httpError('request.wrong_media_type', { detail: 'It must be application/x-www-form-urlencoded.' })
  // Without a length nobody knows how long it will be.
  const length = getRequestHeader(event, 'content-length')
  if (length === undefined || Number(length) > limitBytes) throw httpError('request.too_large')
  const fields = new URLSearchParams((await readRawBody(event)) ?? '')
  return Object.fromEntries([...fields].filter(([name]) => fields.getAll(name).length === 1))
}

import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import type { Fate } from './fake-faults.ts'

export interface FakeAnswer {
  status: number
  body?: unknown
  headers?: Record<string, string>
}

/** Stalwart's problem (RFC 7807). */
export const problem = (status: number, title: string, detail: string, type = 'about:blank'): FakeAnswer => ({
  status,
  body: { type, status, title, detail },
  headers: { 'content-type': 'application/problem+json' },
})

/**
 * Reads a request's JSON to its end; undefined where there is none.
 *
 * @returns the value, or the answer that refuses it: 415 for another media type, 400 for what is not JSON
 */
export async function readJson(
  request: IncomingMessage,
): Promise<{ body: unknown } | { refusal: FakeAnswer }> {
  const chunks: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  if (chunks.length === 0) return { body: undefined }
  const type = request.headers['content-type'] ?? ''
  if (type.split(';')[0]?.trim().toLowerCase() !== 'application/json')
    return { refusal: problem(415, 'Unsupported Media Type', `Not ${type.slice(0, 100)}.`) }
  try {
    return { body: JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown }
  } catch {
    const notJson = 'urn:ietf:params:jmap:error:notJSON'
    return { refusal: problem(400, 'Not JSON', 'The request is no JSON.', notJson) }
  }
}

/** Sends a JSON answer, or an empty one. */
export function send(response: ServerResponse, { status, body, headers = {} }: FakeAnswer): void {
  sendText(response, status, { 'content-type': 'application/json', ...headers }, textOf(body))
}

/**
 * Lets a call meet its fate: performs it unless a fault comes before that, and sends what it gave unless one
 * comes after. A caller that went away while it was delayed does not stop it from being applied.
 */
export async function meet(fate: Fate, response: ServerResponse, perform: () => FakeAnswer): Promise<void> {
  const { delayMs, fault } = fate
  if (delayMs > 0) await wait(delayMs, undefined, { ref: false })
  const answer = fault?.when === 'before' ? undefined : perform()
  if (!fault) return answer && send(response, answer)
  if (fault.kind === 'answer') {
    const type = typeof fault.body === 'string' ? 'text/plain' : 'application/json'
    return sendText(response, fault.status, { 'content-type': type, ...fault.headers }, textOf(fault.body))
  }
  if (fault.when === 'midway' && answer) await sendHalf(response, answer)
  if (fault.kind === 'drop') response.destroy()
}

function textOf(body: unknown): string {
  return typeof body === 'string' ? body : body === undefined ? '' : JSON.stringify(body)
}

function sendText(
  response: ServerResponse,
  status: number,
  headers: Record<string, string>,
  text: string,
): void {
  response.writeHead(status, {
    ...headers,
    ...(status === 204 ? {} : { 'content-length': Buffer.byteLength(text) }),
  })
  response.end(text)
}

function sendHalf(response: ServerResponse, { status, body }: FakeAnswer): Promise<void> {
  const bytes = Buffer.from(textOf(body))
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': bytes.length })
  return new Promise((resolve) => response.write(bytes.subarray(0, bytes.length / 2), () => resolve()))
}

import { createHash, timingSafeEqual } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import type { Fate } from './faults.ts'

export interface FakeAnswer {
  status: number
  /** Absent: an empty body. */
  body?: unknown
  headers?: Record<string, string>
}

/** How a service refuses a body that is no JSON. */
export interface BodyRefusals {
  mediaType(type: string): FakeAnswer
  notJson(): FakeAnswer
}

/** Reads a request to its end. */
export async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}

/**
 * Reads a request's JSON to its end; undefined where there is none.
 *
 * @returns the value, or the answer that refuses it
 */
export async function readJson(
  request: IncomingMessage,
  refusals: BodyRefusals,
): Promise<{ body: unknown } | { refusal: FakeAnswer }> {
  const text = await readText(request)
  if (!text) return { body: undefined }
  const type = request.headers['content-type'] ?? ''
  if (type.split(';')[0]?.trim().toLowerCase() !== 'application/json')
    return { refusal: refusals.mediaType(type) }
  try {
    return { body: JSON.parse(text) as unknown }
  } catch {
    return { refusal: refusals.notJson() }
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

/** Where a fake listens. */
export interface Listening {
  /** Its origin, such as `http://127.0.0.1:9000`. */
  readonly url: string
  /** Cuts every connection and ends. */
  stop(): Promise<void>
}

/**
 * Listens on 127.0.0.1.
 *
 * @param options.port 0 takes a free one
 * @param options.onFailure is told of what `answer` threw
 * @param options.failed what is answered then
 * @throws the listening socket's error, such as EADDRINUSE
 */
export async function listen(options: {
  port: number
  answer: (request: IncomingMessage, response: ServerResponse) => Promise<void>
  onFailure: (error: unknown) => void
  failed: FakeAnswer
}): Promise<Listening> {
  const server = createServer((request, response) => {
    // A caller that goes away before its answer is no failure of ours.
    response.on('error', () => {})
    options.answer(request, response).catch((error: unknown) => {
      if (request.destroyed && !request.complete) return
      options.onFailure(error)
      if (!response.headersSent) send(response, options.failed)
    })
  })
  server.listen(options.port, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      server.closeAllConnections()
      if (server.listening) await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Compares secrets in a time that does not tell how alike they are. */
export function isSameSecret(sent: string, wanted: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(sent), digest(wanted))
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
  if (bytes.length === 0) return Promise.resolve()
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': bytes.length })
  return new Promise((resolve) => response.write(bytes.subarray(0, bytes.length / 2), () => resolve()))
}

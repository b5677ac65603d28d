import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A door before a service: while it is closed calls wait, so that a test sees what is shown meanwhile. */
export interface Gate {
  url: string
  close(): void
  open(): void
  /** How many calls wait. */
  waiting(): number
  stop(): Promise<void>
}

/** @param target origin of the service behind it */
export async function startGate(target: string): Promise<Gate> {
  let passable = Promise.resolve()
  let letThrough = () => {}
  let waiting = 0

  async function pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    waiting += 1
    await passable
    waiting -= 1
    const answer = await fetch(target + request.url, {
      method: request.method,
      headers: {
        authorization: request.headers.authorization ?? '',
        ...(chunks.length > 0 ? { 'content-type': request.headers['content-type'] ?? '' } : {}),
      },
      body: chunks.length > 0 ? Buffer.concat(chunks) : undefined,
    })
    response.writeHead(answer.status, {
      'content-type': answer.headers.get('content-type') ?? 'application/json',
    })
    response.end(Buffer.from(await answer.arrayBuffer()))
  }

  const server = createServer((request, response) => {
    pass(request, response).catch(() => response.destroy())
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const gate: Gate = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      passable = new Promise((resolve) => (letThrough = resolve))
    },
    open() {
      letThrough()
      passable = Promise.resolve()
    },
    waiting: () => waiting,
    async stop() {
      gate.open()
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
  return gate
}

import type { Server } from './servers.ts'

export const password = 'correct horse battery staple'

/** A browser's part of a conversation with Tenantry, without reading what it is not asked to. */
export class Client {
  readonly #server: Server
  cookie: string

  constructor(server: Server, cookie = '') {
    this.#server = server
    this.cookie = cookie
  }

  /** @throws Error where the answer is not of the 2xx */
  async send(method: 'GET' | 'POST', path: string, body?: unknown): Promise<unknown> {
    const response = await fetch(this.#server.url + path, {
      method,
      headers: {
        origin: this.#server.url,
        cookie: this.cookie,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path} was answered with ${response.status}: ${text}`)
    const [issued] = response.headers.getSetCookie()
    if (issued) this.cookie = issued.split(';')[0] ?? ''
    return text ? JSON.parse(text) : undefined
  }
}

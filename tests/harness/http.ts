import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createApp, createRouter, toNodeListener, type RouterMethod } from 'h3'
import type { Container } from '#server/container'
import answerUncaught from '#server/http/nitro-error'
import unknownRoute from '#server/api/[...]'
import requestId from '#server/middleware/00.request-id'
import refuseStrange from '#server/middleware/02.target'
import head from '#server/middleware/05.head'
import callerOf from '#server/middleware/20.caller'
import { routes } from './routes'

/** The server's routes on a loopback port, without Nuxt and without a build. */
export interface HttpHarness {
  url: string
  close(): Promise<void>
}

/** Serves every route file with the server's own middleware, over a container that a test has made. */
export async function serveRoutes(container: Container): Promise<HttpHarness> {
  const app = createApp({
    onRequest: (event) => {
      event.context.container = container
    },
    onError: answerUncaught,
  })
  app.use(requestId)
  app.use(refuseStrange)
  app.use(head)
  app.use(callerOf)
  const router = createRouter({ preemptive: true })
  for (const { method, path, load } of routes)
    router.use(path, await load(), method.toLowerCase() as RouterMethod)
  router.use('/api/**', unknownRoute)
  app.use(router.handler)

  const server = createServer(toNodeListener(app)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** A browser's part of a conversation: keeps cookies, shows the portal's origin, speaks JSON. */
export class HttpClient {
  /** The session's, `name=value`. */
  cookie: string | undefined
  /** All others, by their names. */
  readonly cookies = new Map<string, string>()

  constructor(
    readonly url: string,
    readonly origin: string,
  ) {}

  /** @param init.body sent as JSON unless it is text already */
  async send(method: string, path: string, init: { body?: unknown; headers?: Record<string, string> } = {}) {
    const body =
      init.body === undefined || typeof init.body === 'string' ? init.body : JSON.stringify(init.body)
    const sent = [...(this.cookie ? [this.cookie] : []), ...this.cookies.values()]
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: {
        origin: this.origin,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(sent.length > 0 && { cookie: sent.join('; ') }),
        ...init.headers,
      },
      redirect: 'manual',
      ...(body !== undefined && { body }),
    })
    for (const cookie of response.headers.getSetCookie()) {
      const [pair = ''] = cookie.split(';')
      const [name = ''] = pair.split('=')
      const isGone = /expires=Thu, 01 Jan 1970|max-age=0/i.test(cookie)
      if (name.endsWith('tenantry_session')) this.cookie = isGone ? undefined : pair
      else if (isGone) this.cookies.delete(name)
      else this.cookies.set(name, pair)
    }
    const text = await response.text()
    const isJson = /json/.test(response.headers.get('content-type') ?? '')
    return {
      status: response.status,
      headers: response.headers,
      text,
      json: isJson && text ? JSON.parse(text) : undefined,
    }
  }

  get = (path: string, headers?: Record<string, string>) => this.send('GET', path, headers && { headers })
  post = (path: string, body?: unknown, headers?: Record<string, string>) =>
    this.send('POST', path, { body, ...(headers && { headers }) })
  patch = (path: string, body?: unknown, headers?: Record<string, string>) =>
    this.send('PATCH', path, { body, ...(headers && { headers }) })
  put = (path: string, body?: unknown) => this.send('PUT', path, { body })
  delete = (path: string) => this.send('DELETE', path)
}

/** An answer's status, and the code of its problem. */
export const codeOf = ({ status, json }: { status: number; json?: { code?: string } }) => [status, json?.code]

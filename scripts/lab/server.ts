import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import type { LabService } from './lab-service.ts'
import { renderPage, style, type Said } from './page.ts'
import { presetsOf } from './presets.ts'

/** The lab's page, where it is served. */
export interface LabPage {
  readonly url: string
  stop(): Promise<void>
}

const bodyLimitBytes = 16 * 1024
const policy = [
  "default-src 'none'",
  "style-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ')

/**
 * Serves one page on 127.0.0.1 where the services' faults are turned. It asks for no password: whoever is on this
 * machine may use it. Pages of other origins may not, nor by another name for this address.
 *
 * @param port 0 takes a free one
 * @throws the listening socket's error, such as EADDRINUSE
 */
export async function startLabPage(services: readonly LabService[], port: number): Promise<LabPage> {
  let said: Said | undefined

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const origin = `http://${request.headers.host}`
    if (!origins.includes(origin)) return refuse(response, 421, 'This is not its address.')
    const path = new URL(request.url ?? '/', url).pathname
    if (request.method === 'GET' && path === '/style.css') return send(response, 'text/css', style)
    if (request.method === 'GET' && path === '/') {
      send(response, 'text/html; charset=utf-8', renderPage(services, said))
      said = undefined
      return
    }
    if (request.method !== 'POST') return refuse(response, 404, 'There is nothing here.')
    if (request.headers.origin !== origin) return refuse(response, 403, 'This came from another page.')
    const form = await readForm(request)
    if (!form) return refuse(response, 413, 'This is too much.')
    const [, name = '', ...action] = path.split('/')
    const service = services.find((it) => it.name === name)
    if (!service) return refuse(response, 404, 'There is no such service.')
    said = await doTo(service, action, form)
    response.writeHead(303, { location: `/#${service.name}` }).end()
  }

  const server = createServer((request, response) => {
    response.on('error', () => {})
    answer(request, response).catch(() => {
      if (!response.headersSent) refuse(response, 500, 'The lab failed.')
    })
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const { port: its } = server.address() as AddressInfo
  const url = `http://127.0.0.1:${its}`
  const origins = [url, `http://localhost:${its}`]
  return {
    url,
    async stop() {
      server.closeAllConnections()
      if (server.listening) await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** @returns what was done, in words, or why it could not be */
async function doTo(service: LabService, action: string[], form: Record<string, string>): Promise<Said> {
  try {
    return { words: `${service.title}: ${await perform(service, action, form)}.`, isWrong: false }
  } catch (error) {
    return {
      words: `${service.title}: ${error instanceof Error ? error.message : 'It failed.'}`,
      isWrong: true,
    }
  }
}

async function perform(service: LabService, [verb, what]: string[], form: Record<string, string>) {
  if (verb === 'faults' && service.faults) {
    const preset = Object.entries(presetsOf(service)).find(([name]) => name === form.preset)?.[1]
    if (!preset) throw new Error('There is no such fault.')
    const times = form.times === 'always' ? 'always' : Number(form.times)
    const aim = form.operation ? { operation: form.operation } : {}
    service.faults.faults.add({ ...preset.fault, times, ...aim })
    return `from now on, ${preset.label}`
  }
  if (verb === 'heal' && service.faults) {
    service.faults.faults.clear()
    return 'nothing goes wrong any more'
  }
  if (verb === 'reset' && service.reset) {
    service.reset()
    return 'it is empty'
  }
  const drift = service.drifts().find(({ name }) => verb === 'by-hand' && name === what)
  if (!drift) throw new Error('There is nothing like that to do.')
  for (const { name, label, optional, options } of drift.fields) {
    const value = form[name] ?? ''
    if (!value && !optional) throw new Error(`${label} is missing.`)
    if (options && !options.some((option) => option.value === value))
      throw new Error(`${label}: it is not there any more.`)
  }
  await drift.act(form)
  return `done: ${drift.label}`
}

async function readForm(request: IncomingMessage): Promise<Record<string, string> | undefined> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > bodyLimitBytes) return undefined
    chunks.push(chunk)
  }
  const form = new URLSearchParams(Buffer.concat(chunks).toString('utf8'))
  return Object.fromEntries([...form].map(([name, value]) => [name, value.trim()]))
}

function send(response: ServerResponse, type: string, text: string): void {
  response.writeHead(200, headersOf(type)).end(text)
}

function refuse(response: ServerResponse, status: number, words: string): void {
  response.writeHead(status, headersOf('text/plain; charset=utf-8')).end(words)
}

const headersOf = (type: string) => ({
  'content-type': type,
  'content-security-policy': policy,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
})

import { once } from 'node:events'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startServer, type BuiltServer } from '../harness/server'
import { logOf, setUp } from './scene'
import type { HttpClient } from '../harness/http'

let server: BuiltServer
let boss: HttpClient
beforeAll(async () => {
  server = await startServer()
  boss = await setUp(server)
})
afterAll(() => server.stop())

/** Sends bytes as they are, and gives all that comes until the server closes the connection. */
async function exchange(...parts: string[]): Promise<string> {
  const socket = connect(server.port, '127.0.0.1')
  let received = ''
  socket.setEncoding('latin1').on('data', (chunk: string) => (received += chunk))
  // A server that has heard enough closes while we are still speaking.
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  for (const part of parts) if (socket.writable) socket.write(part)
  await once(socket, 'close')
  return received
}

const head = (line: string, ...headers: string[]) =>
  [line, 'Host: portal', 'Connection: close', ...headers, '', ''].join('\r\n')
const statusOf = (answer: string) => Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0)
const answersIn = (answer: string) => answer.match(/^HTTP\/1\.1 /gm)?.length ?? 0
const asBoss = () => [`Cookie: ${boss.cookie}`, `Origin: ${server.url}`]

describe('what is too much', () => {
  it('of headers, or of an address, is 431', async () => {
    expect(statusOf(await exchange(head('GET /health HTTP/1.1', `X-Big: ${'x'.repeat(20_000)}`)))).toBe(431)
    expect(statusOf(await exchange(head(`GET /health?${'x'.repeat(20_000)} HTTP/1.1`)))).toBe(431)
    expect(statusOf(await exchange(head(`GET /health?${'x'.repeat(8_000)} HTTP/1.1`)))).toBe(200)
  })

  it('of headers by their number is 431', async () => {
    const many = (count: number) => Array.from({ length: count }, (_, i) => `X-${i}: 1`)
    expect(statusOf(await exchange(head('GET /health HTTP/1.1', ...many(1_000))))).toBe(431)
    expect(statusOf(await exchange(head('GET /health HTTP/1.1', ...many(50))))).toBe(200)
  })

  it.each(['/api/tenants', '/api/auth/logout', '/login'])(
    'of a body for %s is refused by what is announced, without reading it',
    async (path) => {
      const started = performance.now()
      // Not one byte of the body is sent.
      const request = [`POST ${path} HTTP/1.1`, 'Host: portal', 'Content-Type: application/json']
      const announced = `Content-Length: ${10 * 1024 ** 3}`
      const answer = await exchange([...request, ...asBoss(), announced, '', ''].join('\r\n'))
      expect(statusOf(answer)).toBe(413)
      expect(answer).toContain('"code":"request.too_large"')
      expect(performance.now() - started).toBeLessThan(5_000)
    },
  )

  it('of a body in chunks is refused when the limit is reached, and the rest is not read', async () => {
    const start = [
      'POST /api/tenants HTTP/1.1',
      'Host: portal',
      'Content-Type: application/json',
      'Transfer-Encoding: chunked',
      ...asBoss(),
      '',
      '',
    ].join('\r\n')
    const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`
    // It never ends: only a server that stops reading answers.
    const answer = await exchange(start, ...Array.from({ length: 20 }, () => chunk))
    expect(statusOf(answer)).toBe(413)
  })

  it('of time for the headers ends the connection', async () => {
    const started = performance.now()
    const answer = await exchange('GET /health HTTP/1.1\r\nHost: portal\r\n')
    expect(statusOf(answer)).toBe(408)
    expect(performance.now() - started).toBeLessThan(20_000)
  })

  it('of time for the body ends the connection', async () => {
    const started = performance.now()
    const request = head('POST /api/tenants HTTP/1.1', 'Content-Length: 10', ...asBoss())
    const answer = await exchange(request, '{')
    expect(statusOf(answer)).toBe(408)
    expect(performance.now() - started).toBeLessThan(45_000)
  })
})

describe('a request that can be read in two ways', () => {
  const post = (...headers: string[]) => head('POST /api/auth/login HTTP/1.1', ...headers)
  const smuggled = 'GET /api/portal HTTP/1.1\r\nHost: portal\r\n\r\n'

  it.each<[what: string, bytes: string]>([
    ['two lengths', post('Content-Length: 5', 'Content-Length: 6') + 'helloo'],
    ['a length and chunks', `${post('Content-Length: 5', 'Transfer-Encoding: chunked')}0\r\n\r\n${smuggled}`],
    ['an encoding that is not known', `${post('Transfer-Encoding: xchunked')}0\r\n\r\n${smuggled}`],
    ['chunks that are not the last encoding', `${post('Transfer-Encoding: chunked, gzip')}0\r\n\r\n`],
    ['a length that is no number', `${post('Content-Length: 5x')}hello`],
    ['a negative length', `${post('Content-Length: -1')}hello`],
    ['a size of a chunk that is no number', `${post('Transfer-Encoding: chunked')}zz\r\nhello\r\n0\r\n\r\n`],
    ['a space before the colon', `${post('Content-Length : 5')}hello`],
    ['a folded header', post('X-Folded: a\r\n b')],
    ['a bare line feed', 'GET /health HTTP/1.1\nHost: portal\n\n'],
    ['a NUL in a header', post('X-Nul: a\u0000b')],
    ['a NUL in the address', head('GET /hea\u0000lth HTTP/1.1')],
    ['no host', 'GET /health HTTP/1.1\r\nConnection: close\r\n\r\n'],
    ['another protocol', head('GET /health HTTP/9.9')],
  ])('is refused: %s', async (_, bytes) => {
    const answer = await exchange(bytes)
    expect(statusOf(answer)).toBe(400)
    // And nothing behind it is taken for a second one.
    expect(answersIn(answer)).toBe(1)
  })
})

describe('a target that is not a plain path of ours', () => {
  it.each([
    'http://evil.example/api/portal',
    '//evil.example/api/portal',
    '/../../etc/passwd',
    '/..%2f..%2fetc%2fpasswd',
    '/..%5c..%5cetc%5cpasswd',
    '/api%2ftenants',
    '/api//tenants',
    '/api/./tenants',
    '/api/tenants%00',
    '/api/tenants%0d%0aSet-Cookie:%20a=b',
    '/api/tenants/%252e%252e',
    '/api/tenants/%zz',
    '/api\\tenants',
    '*',
  ])('is 400: %s', async (target) => {
    const answer = await exchange(head(`GET ${target} HTTP/1.1`))
    expect(statusOf(answer)).toBe(400)
    expect(answer).not.toMatch(/root:|^Set-Cookie/im)
  })

  it.each([
    '/_nuxt/../../server/index.mjs',
    '/_nuxt/%2e%2e/%2e%2e/server/index.mjs',
    '/_nuxt/..%2f..%2fserver%2findex.mjs',
  ])('is no file of the build: %s', async (target) => {
    const answer = await exchange(head(`GET ${target} HTTP/1.1`))
    expect(statusOf(answer)).toBe(404)
    expect(answer).toContain('"code":"route.not_found"')
  })

  it('while a page may have any letters in its address', async () => {
    expect((await boss.get('/tenants/%C3%A4%20b')).status).toBe(404)
    expect((await boss.get('/nowhere/a:b@c')).status).toBe(404)
  })
})

it.each(['TRACE', 'OPTIONS', 'PROPFIND', 'LINK'])('%s is not a method of ours', async (method) => {
  for (const path of ['/', '/login', '/api/tenants', '/health', '/api/nowhere'])
    expect(statusOf(await exchange(head(`${method} ${path} HTTP/1.1`, ...asBoss(), 'X-Echo: me')))).toBe(405)
})

it('pages and probes are not posted to', async () => {
  for (const path of ['/', '/login', '/health'])
    expect((await boss.post(path, {})).json).toMatchObject({ code: 'route.method_not_allowed' })
})

it('CONNECT opens no tunnel', async () => {
  const answer = await exchange('CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n')
  expect(statusOf(answer)).not.toBe(200)
})

describe('JSON that means harm', () => {
  it('changes no prototype, and is not taken for a field', async () => {
    for (const body of [
      '{"__proto__":{"slug":"polluted","name":"Polluted"}}',
      '{"constructor":{"prototype":{"slug":"polluted","name":"Polluted"}}}',
    ])
      expect((await boss.post('/api/tenants', body)).status).toBe(422)
    const smuggled = '{"slug":"plain","name":"Plain","__proto__":{"plan":"large","isAdmin":true}}'
    const answer = await boss.post('/api/tenants', smuggled)
    expect(answer.json.isAdmin).toBeUndefined()
    expect((await boss.get('/api/tenants/polluted')).status).toBe(404)
    expect((await boss.get('/api/tenants')).text).not.toContain('isAdmin')
  })

  it.each([
    ['arrays', '['.repeat(200_000) + ']'.repeat(200_000)],
    ['objects', '{"a":'.repeat(80_000) + '1' + '}'.repeat(80_000)],
    ['a field', `{"slug":"deep","name":${'['.repeat(200_000)}${']'.repeat(200_000)}}`],
  ])('is refused however deep: %s', async (_, body) => {
    const answer = await boss.post('/api/tenants', body, { 'idempotency-key': crypto.randomUUID() })
    expect(answer.status).toBe(422)
  })

  it('leaves nothing in the log but refusals', async () => {
    expect((await boss.get('/api/tenants')).status).toBe(200)
    expect(logOf(server).filter(({ level }) => Number(level) >= 50)).toEqual([])
  })
})

import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { IntegrationError } from '#server/lib/errors'
import { createCaller, type Call, type Respondent } from './caller'
import { RefusedError } from './failures'
import { sendJson, serviceAddress } from './request'

const secret = 'a-secret-of-ours'
const html = '<!DOCTYPE html><html><head><title>502</title></head><body>nginx at 10.0.0.7</body></html>'
const asHtml = { 'content-type': 'text/html' }
const clock = { now: () => new Date('2026-11-22T10:00:00Z') }
const bakery: Respondent = {
  service: 'bakery',
  name: 'The bakery',
  refusal: z
    .object({ said: z.string(), code: z.string().optional(), field: z.string().optional() })
    .transform(({ field, ...rest }) => ({ ...rest, fields: field === undefined ? [] : [field] })),
  secrets: () => [secret],
}
const Bread = z.object({ bread: z.string() })

let server: Server
let url: string
let answer: RequestListener
beforeEach(async () => {
  server = createServer((request, response) => answer(request, response)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
})
afterEach(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

const says =
  (status: number, body: unknown = '', headers: Record<string, string> = {}): RequestListener =>
  (_, response) => {
    response.writeHead(status, headers)
    response.end(typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body))
  }

function bake<Schema extends z.ZodType = typeof Bread>(
  change: Partial<Call<Schema>> & { as?: Partial<Respondent>; timeout?: number } = {},
  signal = new AbortController().signal,
) {
  const { as, timeout = 10_000, ...call } = change
  const headers = { authorization: `Bearer ${secret}` }
  const send = sendJson(globalThis.fetch, { url, method: 'POST', headers, body: { flour: 1 } })
  const ask = createCaller({ ...bakery, ...as }, { timeoutMs: timeout, clock })
  return ask({ purpose: 'bake', send, answer: Bread as unknown as Schema, ...call }, signal)
}

/** Gives the failure, which never repeats a secret, an address or a page, nor has a cause. */
async function failure(...args: Parameters<typeof bake>): Promise<IntegrationError> {
  const error: unknown = await bake(...args).then(
    () => expect.fail('it did not fail'),
    (reason: unknown) => reason,
  )
  if (!(error instanceof IntegrationError)) throw error
  expect(error.service).toBe('bakery')
  expect(error.message).not.toMatch(/[<>\n]|nginx|127\.0\.0\.1/)
  expect(error.message).not.toContain(secret)
  expect(error.message.length).toBeLessThan(500)
  expect(error.cause).toBeUndefined()
  return error
}

describe('asking', () => {
  it('sends JSON with our proof, and gives what fits', async () => {
    const seen = vi.fn()
    answer = (request, response) => {
      seen(request.method, request.headers)
      says(200, { bread: 'rye', more: 1 })(request, response)
    }
    expect(await bake()).toEqual({ bread: 'rye' })
    const headers = { authorization: `Bearer ${secret}`, accept: 'application/json' }
    expect(seen).toHaveBeenCalledWith('POST', expect.objectContaining(headers))
  })

  it('sees an empty answer as undefined', async () => {
    answer = says(204)
    expect(await bake({ answer: z.undefined() })).toBeUndefined()
  })

  it('reads the words of a text up to its true end, however it is quoted', async () => {
    const odd = { bread: '"[[[[\\', more: '\\"]' }
    answer = says(200, odd)
    expect(await bake()).toEqual({ bread: odd.bread })
  })

  it('has a limit of its own where a call needs one', async () => {
    answer = says(200, { bread: 'x'.repeat(2000) })
    expect((await failure({ limitBytes: 1000 })).message).toBe(
      'The bakery was asked to bake, and its answer is too large',
    )
  })
})

describe('what went wrong, in words', () => {
  it.each([
    [
      says(200, html, asHtml),
      'contract',
      true,
      'to bake and answered with an HTML page in place of JSON (200)',
    ],
    [says(200, html), 'contract', true, 'an HTML page in place of JSON (200)'],
    [says(200), 'contract', true, 'answered with an empty body (200)'],
    [says(200, '{"bread":'), 'contract', true, 'a body that does not fit its schema (200)'],
    [says(200, { bread: 7 }), 'contract', true, 'a body that does not fit its schema at bread (200)'],
    [says(200, '['.repeat(1e6)), 'contract', true, 'a body that does not fit its schema (200)'],
    [
      says(200, `{"bread":"rye","x":${'['.repeat(200)}${']'.repeat(200)}}`),
      'contract',
      true,
      'fit its schema (200)',
    ],
    [says(200, ' '.repeat(17 * 1024 * 1024)), 'contract', true, 'its answer is too large'],
    [
      says(200, gzipSync(' '.repeat(17 * 1024 * 1024)), { 'content-encoding': 'gzip' }),
      'contract',
      true,
      'too large',
    ],
    [says(200, 'no gzip', { 'content-encoding': 'gzip' }), 'unreachable', true, 'could not be asked to bake'],
    [
      says(302, '', { location: 'https://x.example/?a-secret-of-ours' }),
      'contract',
      true,
      'answered with a redirect',
    ],
    [says(401), 'unauthorized', true, 'The bakery refused to bake: it answered with an empty body (401)'],
    [says(403, html, asHtml), 'unauthorized', true, 'an HTML page in place of JSON (403)'],
    [says(400, { said: 'Too odd.' }), 'rejected', false, 'The bakery refused to bake: “Too odd.” (400)'],
    [
      says(400, { said: '' }),
      'rejected',
      false,
      'refused to bake: it answered with a body that does not fit',
    ],
    [says(400, 'bad'), 'contract', true, 'does not fit its schema (400)'],
    [says(404, '404 page not found'), 'contract', true, 'does not fit its schema (404)'],
    [says(404, { said: 'Gone.' }), 'rejected', true, '“Gone.” (404)'],
    [says(409, { said: 'There.' }), 'rejected', true, '“There.” (409)'],
    [says(423, { said: 'Locked.' }), 'rejected', true, '“Locked.” (423)'],
    [says(408), 'timeout', true, 'an empty body (408)'],
    [says(429, { said: 'Slow down.' }), 'rate_limited', true, 'did not bake: “Slow down.” (429)'],
    [
      says(500, html, asHtml),
      'unavailable',
      true,
      'did not bake: it answered with an HTML page in place of JSON (500)',
    ],
    [says(501, { said: 'No oven.' }), 'contract', true, '“No oven.” (501)'],
    [says(503, { said: 'Starting.' }), 'unavailable', true, '“Starting.” (503)'],
  ] as const)('%#: %s, %s, %s', async (listener, kind, retryable, words) => {
    answer = listener
    const error = await failure()
    expect(error).toMatchObject({ kind, retryable, retryAfterSeconds: undefined })
    expect(error.message).toContain(words)
  })

  it('tells what of a refusal a caller can act on', async () => {
    answer = says(400, { said: 'No.', code: 'odd', field: 'flour' }, { 'retry-after': '9' })
    const error = await failure()
    expect(error).toBeInstanceOf(RefusedError)
    expect(error).toMatchObject({ status: 400, code: 'odd', fields: ['flour'], retryAfterSeconds: 9 })
  })

  it('knows what is peculiar to whom is asked', async () => {
    answer = says(400, { said: 'No.' })
    const as: Partial<Respondent> = {
      kindOf: (status, refusal) => (status === 400 && refusal?.said === 'No.' ? 'unauthorized' : undefined),
      hintOf: ({ status }) => `; so it answers ${status} where it is closed`,
    }
    const error = await failure({ as })
    expect(error.kind).toBe('unauthorized')
    expect(error.message).toBe(
      'The bakery refused to bake: “No.” (400); so it answers 400 where it is closed',
    )
  })

  it('is told of by its status where its words have no end, or none come', async () => {
    answer = (_, response) => {
      response.writeHead(503, { 'retry-after': '7' })
      const write = () => {
        if (!response.destroyed) response.write(' '.repeat(65_536), () => setImmediate(write))
      }
      write()
    }
    expect(await failure()).toMatchObject({ kind: 'unavailable', retryAfterSeconds: 7 })
    answer = (_, response) => void response.writeHead(429, { 'retry-after': '8' }).write('{')
    expect(await failure({ timeout: 100 })).toMatchObject({ kind: 'rate_limited', retryAfterSeconds: 8 })
    answer = (_, response) => void response.writeHead(500).write('{', () => response.destroy())
    expect(await failure()).toMatchObject({ kind: 'unavailable' })
  })

  it('repeats our secrets in no form, and no key of a record', async () => {
    answer = says(400, { said: `no: Bearer ${secret} <script>alert(1)</script>\n${'x'.repeat(1000)}` })
    expect((await failure()).message).toContain('“no: Bearer [redacted] alert(1) xxx')
    answer = says(200, { [secret]: 1 })
    expect((await failure({ answer: z.record(z.string(), z.string()) as never })).message).toContain(
      'redacted',
    )
  })

  it('is short, whatever is asked for', async () => {
    answer = says(400, { said: 'No.' })
    const error: unknown = await bake({ purpose: `bake ${'x\n'.repeat(5000)}` }).catch((it: unknown) => it)
    expect((error as Error).message).toHaveLength(1001)
    expect((error as Error).message).not.toContain('\n')
  })
})

describe('the line', () => {
  const cut: [string, RequestListener][] = [
    ['before an answer', (_, response) => void response.destroy()],
    ['midway', (_, response) => void response.writeHead(200).write('{', () => response.destroy())],
  ]
  it.each(cut)('is cut %s', async (_, listener) => {
    answer = listener
    const error = await failure()
    expect(error).toMatchObject({ kind: 'unreachable', retryable: true })
    expect(error.message).toMatch(/^The bakery could not be asked to bake: the connection was cut \(\w+\)$/)
  })

  const silent: [string, RequestListener][] = [
    ['before an answer', () => {}],
    ['midway', (_, response) => void response.writeHead(200).write('{')],
  ]
  it.each(silent)('is silent %s', async (_, listener) => {
    answer = listener
    const error = await failure({ timeout: 60 })
    expect(error).toMatchObject({ kind: 'timeout', retryable: true })
    expect(error.message).toBe('The bakery was silent for 0.06 s when asked to bake')
    expect((await failure({ timeoutMs: 70 })).message).toContain('0.07 s')
  })

  it.each(silent)('is ended by who asked %s, for their own reason', async (_, listener) => {
    const controller = new AbortController()
    const reason = new Error('draining')
    answer = (request, response) => {
      listener(request, response)
      setImmediate(() => controller.abort(reason))
    }
    await expect(bake({}, controller.signal)).rejects.toBe(reason)
    const seen = vi.fn()
    answer = seen
    await expect(bake({}, controller.signal)).rejects.toBe(reason)
    expect(seen).not.toHaveBeenCalled()
  })

  it('has nobody at its other end', async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    const error = await failure()
    expect(error.message).toBe(
      'The bakery could not be asked to bake: nothing listens at its address (ECONNREFUSED)',
    )
  })

  it.each([
    ['ENOTFOUND', 'its host name does not resolve'],
    ['UND_ERR_CONNECT_TIMEOUT', 'connecting took too long'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'its certificate is not trusted'],
    ['EOTHER', 'the connection failed'],
  ])('fails by %s', async (code, words) => {
    const cause = Object.assign(new Error(`${secret} at ${url}`), { code })
    const send = () => Promise.reject(new TypeError('fetch failed', { cause }))
    expect((await failure({ send })).message).toBe(
      `The bakery could not be asked to bake: ${words} (${code})`,
    )
  })

  it('sends our proof nowhere else', async () => {
    const elsewhere = vi.fn()
    answer = (request, response) => {
      if (request.url !== '/') elsewhere()
      says(307, '', { location: '/elsewhere' })(request, response)
    }
    expect(await failure()).toMatchObject({ kind: 'contract' })
    expect(elsewhere).not.toHaveBeenCalled()
  })
})

describe('the address of a service', () => {
  it('is an origin, or the path below which it is served', () => {
    expect(serviceAddress('Bakery', 'https://Mail.Example/')).toBe('https://mail.example')
    expect(serviceAddress('Bakery', 'http://mail.example:81/a//')).toBe('http://mail.example:81/a')
  })

  it.each([
    '',
    'mail',
    'ftp://m.example',
    'https://u:hidden@m.example',
    'https://m.example/?x=hidden',
    'https://m.example/#x',
  ])('is not "%s"', (address) => {
    const wrong = new TypeError('the address of the bakery is not an http(s) origin')
    expect(() => serviceAddress('the bakery', address)).toThrow(wrong)
  })
})

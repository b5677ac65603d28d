import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createApp, createRouter, toNodeListener } from 'h3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { Container } from '#server/container'
import { IntegrationError } from '#server/lib/errors'
import { anyone, tenant } from './access'
import { bodyLimitBytes } from './body'
import { defineRoute } from './define-route'

const logged: unknown[] = []
const container = {
  config: { authMode: 'standalone' },
  log: { error: (fields: unknown) => logged.push(fields) },
} as unknown as Container

const echo = defineRoute({
  summary: 'Echo',
  access: anyone(),
  body: z.strictObject({ name: z.string().min(2), deep: z.object({ count: z.number() }).optional() }),
  response: z.object({ name: z.string() }),
  handle: ({ body }) => ({ name: body.name, passwordHash: 'must not leave' }),
})
const failing = (thrown: unknown) =>
  defineRoute({
    summary: 'Fails',
    access: anyone(),
    handle: () => {
      throw thrown
    },
  })
const lying = defineRoute({
  summary: 'Does not keep to its schema',
  access: anyone(),
  response: z.object({ count: z.number() }),
  handle: () => ({ count: 'three' as unknown as number }),
})
const upstream = (kind: 'unavailable' | 'contract') =>
  failing(
    new IntegrationError({
      service: 'authentik',
      kind,
      message: 'http://10.0.0.7 said no',
      retryAfterSeconds: 7,
    }),
  )

describe('defineRoute', () => {
  const app = createApp({
    onRequest: (event) => {
      Object.assign(event.context, { container, requestId: 'test-request', caller: null })
    },
  })
  const router = createRouter()
  router.post('/echo', echo)
  router.get('/lying', lying)
  router.get('/broken', failing(new Error('secret internals')))
  router.get('/away', upstream('unavailable'))
  router.get('/garbled', upstream('contract'))
  app.use(router)
  const server = createServer(toNodeListener(app))
  let url = ''
  beforeAll(async () => {
    await once(server.listen(0, '127.0.0.1'), 'listening')
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterAll(() => server.close())

  const post = (body: BodyInit, type = 'application/json') =>
    fetch(`${url}/echo`, { method: 'POST', body, headers: { 'content-type': type } })

  it('drops what the response does not declare', async () => {
    const answer = await post('{"name":"Ann"}')
    expect(answer.status).toBe(200)
    expect(await answer.json()).toEqual({ name: 'Ann' })
    expect(answer.headers.get('cache-control')).toBe('no-store')
  })

  it('answers each kind of bad input with its own status, as problem+json', async () => {
    const stream = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(65_536)),
    })
    const tooLong = fetch(`${url}/echo`, { method: 'POST', body: stream, duplex: 'half' } as RequestInit)
    const answers = [
      await post('{"name":'),
      await post(new Uint8Array([0x22, 0xff, 0x22])),
      await post('name=Ann', 'application/x-www-form-urlencoded'),
      await post(JSON.stringify({ name: 'x'.repeat(bodyLimitBytes) })),
      await tooLong,
      await post('{"name":"A","deep":{"count":"3"},"more":1}'),
      await post(''),
    ]
    expect(answers.map(({ status }) => status)).toEqual([400, 400, 415, 413, 413, 422, 422])
    for (const answer of answers) expect(answer.headers.get('content-type')).toBe('application/problem+json')
    const problem = await answers[5]?.json()
    expect(problem).toMatchObject({ status: 422, code: 'request.invalid', requestId: 'test-request' })
    expect(problem.errors.map(({ path }: { path: string }) => path)).toEqual(['name', 'deep.count', 'more'])
  })

  it('tells nobody what went wrong inside, and logs it', async () => {
    for (const path of ['/broken', '/lying']) {
      logged.length = 0
      const answer = await fetch(`${url}${path}`)
      expect(answer.status).toBe(500)
      expect(await answer.json()).toEqual({
        type: 'urn:tenantry:error:internal.error',
        title: 'Something went wrong on our side.',
        status: 500,
        code: 'internal.error',
        requestId: 'test-request',
      })
      expect(logged).toMatchObject([{ requestId: 'test-request', path }])
    }
  })

  it("never forwards an upstream's own status or address", async () => {
    const [away, garbled] = [await fetch(`${url}/away`), await fetch(`${url}/garbled`)]
    expect([away.status, away.headers.get('retry-after')]).toEqual([503, '7'])
    expect(garbled.status).toBe(502)
    expect(await away.text()).not.toContain('10.0.0.7')
  })

  it('does not compile without an access, with an unknown permission, or with an answer that lacks a field', () => {
    // @ts-expect-error access is missing
    const withoutAccess = () => defineRoute({ summary: 'Open', handle: () => {} })
    // @ts-expect-error nobody has this permission
    const unknownPermission = () => tenant('tenant:explode')
    const lacking = () =>
      defineRoute({
        summary: 'Lacks a field',
        access: anyone(),
        response: z.object({ name: z.string() }),
        // @ts-expect-error the answer has no name
        handle: () => ({}),
      })
    const noStores = () =>
      defineRoute({
        summary: 'Reaches for records',
        access: anyone(),
        // @ts-expect-error a route for anyone has no stores
        handle: ({ scope }) => void scope.stores,
      })
    expect([withoutAccess, unknownPermission, lacking, noStores]).toHaveLength(4)
  })
})

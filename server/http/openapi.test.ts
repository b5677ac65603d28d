import { describe, expect, it } from 'vitest'
import { routes } from '../../tests/harness/routes'
import { openApiDocument } from './openapi'

const placed = await Promise.all(
  routes.map(async ({ method, path, load }) => ({ method, path, definition: (await load()).definition })),
)

interface Operation {
  operationId: string
  security: unknown[]
  parameters: { name: string; in: string }[]
  requestBody?: { required: boolean; content: Record<string, { schema: Record<string, unknown> }> }
  responses: Record<string, { content?: Record<string, { schema: Record<string, unknown> }> }>
}

describe('openApiDocument', () => {
  const document = openApiDocument(placed, '1.2.3', 'https://portal.example.org')
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      path,
      method,
      operation: operation as Operation,
    })),
  )

  it('holds every route once, each with an id of its own', () => {
    expect(operations).toHaveLength(routes.length)
    expect(new Set(operations.map(({ operation }) => operation.operationId)).size).toBe(routes.length)
    expect(document.openapi).toBe('3.1.0')
  })

  it('names every parameter of a path', () => {
    for (const { path, operation } of operations) {
      const named = operation.parameters
        .filter((parameter) => parameter.in === 'path')
        .map(({ name }) => name)
      expect(named).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name))
    }
  })

  it('describes what comes in as it is sent, and what goes out as it is answered', () => {
    const create = operations.find(
      ({ path, method }) => path === '/api/tenants' && method === 'post',
    )?.operation
    expect(create?.requestBody).toMatchObject({
      required: true,
      content: {
        'application/json': { schema: { required: ['slug', 'name'], additionalProperties: false } },
      },
    })
    expect(create?.responses['201']?.content?.['application/json']?.schema).toMatchObject({
      properties: { slug: { type: 'string' }, createdAt: { type: 'string', format: 'date-time' } },
    })
    expect(create?.security).toEqual([{ session: [] }, { bearer: [] }, { dpop: [] }])
    const register = operations.find(({ path }) => path === '/api/identities')?.operation
    expect(register?.security).toEqual([{ pop: [] }])
    expect(register?.responses['201']?.content).toEqual(register?.responses['200']?.content)
    const schemes = Object.keys(document.components.securitySchemes)
    for (const { operation } of operations)
      expect(schemes).toEqual(
        expect.arrayContaining(operation.security.flatMap((way) => Object.keys(way as object))),
      )
    const stream = operations.find(({ path }) => path.endsWith('/events'))?.operation
    expect(Object.keys(stream?.responses['200']?.content ?? {})).toEqual(['text/event-stream'])
    const reconcile = operations.find(({ path }) => path.endsWith('/reconcile'))?.operation
    expect(reconcile?.requestBody?.required).toBe(false)
  })
})

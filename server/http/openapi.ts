import { z } from 'zod'
import { Problem } from '#shared/contracts/common'
import type { Access } from './access'
import type { RouteDefinition } from './define-route'

/** A route and where it answers. */
export interface PlacedRoute {
  method: string
  path: string
  definition: RouteDefinition
}

type JsonSchema = Record<string, unknown>

const schemaOf = (schema: z.ZodType, io: 'input' | 'output'): JsonSchema => {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any', override: dateAsText })
  return rest
}

/** What leaves as a Date is text on the wire. */
const dateAsText = ({ zodSchema, jsonSchema }: { zodSchema: z.core.$ZodType; jsonSchema: JsonSchema }) => {
  if (zodSchema._zod.def.type === 'date') Object.assign(jsonSchema, { type: 'string', format: 'date-time' })
}

const problem = (description: string) => ({
  description,
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
})

function failuresOf(access: Access, definition: RouteDefinition) {
  return {
    ...((definition.body || definition.query) && { 422: problem('The request does not fit its schema.') }),
    ...(access.kind !== 'anyone' && access.kind !== 'entry' && { 401: problem('Nobody is signed in.') }),
    ...((access.kind === 'operator' || access.kind === 'tenant' || access.kind === 'session') && {
      403: problem('The caller may not do this.'),
    }),
    ...(access.kind === 'tenant' && { 404: problem('No tenant that the caller may know of.') }),
    ...(definition.unavailable && { 503: { description: 'The same shape, with what is out of reach.' } }),
    ...(definition.etag && { 412: problem('The resource was changed meanwhile.') }),
    default: problem('Any other failure.'),
  }
}

function parametersOf({ path, definition }: PlacedRoute) {
  const places = [...path.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }))
  const query = definition.query && (schemaOf(definition.query, 'input') as { properties?: JsonSchema })
  const wanted = Object.entries(query?.properties ?? {}).map(([name, schema]) => ({
    name,
    in: 'query',
    schema,
  }))
  return [...places, ...wanted]
}

/** By which of the ways a route can be called; each alone is enough. */
function securityOf({ kind }: Access): string[] {
  switch (kind) {
    case 'anyone':
    case 'entry':
      return []
    case 'session':
      return ['session']
    case 'key':
      return ['pop']
    case 'caller':
    case 'operator':
      return ['session', 'bearer', 'dpop']
    case 'self':
    case 'tenant':
    case 'vault':
    case 'lease':
      return ['session', 'bearer', 'dpop', 'pop']
  }
}

function operationOf(route: PlacedRoute) {
  const { definition, method } = route
  const { access } = definition
  const status = definition.status ?? (definition.response ? 200 : 204)
  const mediaType =
    'stream' in definition ? 'text/event-stream' : (definition.mediaType ?? 'application/json')
  const success = (description: string) => ({
    description,
    ...(definition.response && {
      content: { [mediaType]: { schema: schemaOf(definition.response, 'output') } },
    }),
  })
  return {
    summary: definition.summary,
    'x-access': access.kind === 'tenant' ? `tenant:${access.permission}` : access.kind,
    ...(definition.modes && { 'x-modes': definition.modes }),
    ...(definition.stepUp && { 'x-step-up': definition.stepUp === true ? 'always' : 'by body' }),
    security: securityOf(access).map((scheme) => ({ [scheme]: [] })),
    parameters: parametersOf(route),
    ...(definition.body && {
      requestBody: {
        required: !definition.body.safeParse(undefined).success,
        content: { 'application/json': { schema: schemaOf(definition.body, 'input') } },
      },
    }),
    responses: {
      [status]: success('Success.'),
      ...(definition.created && { 201: success('Success: something was made by the call.') }),
      ...failuresOf(access, definition),
    },
    operationId: `${method.toLowerCase()}${route.path.replace(/[/:](\w)?/g, (_, c?: string) => (c ?? '').toUpperCase()).replace(/\W/g, '')}`,
  }
}

/**
 * The OpenAPI 3.1 document of all routes, generated from their definitions.
 *
 * @param version of Tenantry
 */
export function openApiDocument(routes: readonly PlacedRoute[], version: string, publicUrl: string) {
  const paths: Record<string, JsonSchema> = {}
  for (const route of routes.toSorted((a, b) => a.path.localeCompare(b.path))) {
    const path = route.path.replace(/:(\w+)/g, '{$1}')
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(route) }
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Tenantry', version },
    servers: [{ url: publicUrl }],
    paths,
    components: {
      schemas: { Problem: schemaOf(Problem, 'output') },
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          description: 'An access token of the OpenID provider, for one of the audiences in JWT_AUDIENCES.',
        },
        dpop: {
          type: 'http',
          scheme: 'DPoP',
          description:
            'An access token that is bound to a key, with the proof of that key in the header DPoP (RFC 9449).',
        },
        pop: {
          type: 'http',
          scheme: 'PoP',
          description:
            "A machine's proof that it has its key: a compact JWS by Ed25519 over this very call, of at most 60 seconds, used " +
            'once. Header: alg EdDSA. Claims: iss (did:key), sub (handle), aud (the origin of the portal), iat, exp, jti ' +
            '(UUID), htm (method), htu (path with query), body_sha256 (hex; of no bytes where there is no body).',
        },
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: publicUrl.startsWith('https:') ? '__Host-tenantry_session' : 'tenantry_session',
        },
      },
    },
  }
}

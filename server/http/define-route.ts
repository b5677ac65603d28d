import {
  defineEventHandler,
  getQuery,
  getRequestHeader,
  getRouterParams,
  setResponseHeader,
  setResponseStatus,
  type EventHandler,
  type H3Event,
} from 'h3'
import type { z } from 'zod'
import type { AuthMode } from '#shared/contracts/common'
import type { Container } from '#server/container'
import './event-context'
import type { Access, ScopeOf } from './access'
import { admit } from './admit'
import { settleBearer } from './bearer'
import { readJsonBody } from './body'
import { httpError } from './http.errors'
import { etagOf, isKnownToClient, versionFromIfMatch } from './preconditions'
import { faultsOf } from './problem'
import { refuseRestricted, refuseStaleProof } from './proof'
import { answerProblem } from './send-problem'

type Schema = z.ZodType
/** What a handler gives: what the response's schema takes, or anything where there is none. */
type ResultOf<S> = S extends Schema ? z.input<S> : unknown
type OutputOf<S> = S extends Schema ? z.output<S> : undefined

/** What a route's handler is given: all of it parsed, and the scope that the route's access grants. */
export interface RouteInput<Granted extends Access, Params, Query, Body> {
  scope: ScopeOf<Granted>
  params: OutputOf<Params>
  query: OutputOf<Query>
  body: OutputOf<Body>
  /** The version that If-Match wants; undefined: any. */
  ifMatch: number | undefined
  container: Container
  /** For cookies and the client's address; nothing is to be parsed from it. */
  event: H3Event
}

/** Everything that is declared of a route; the OpenAPI document is generated from the same object. */
export interface RouteDefinition<
  Granted extends Access = Access,
  Params extends Schema | undefined = Schema | undefined,
  Query extends Schema | undefined = Schema | undefined,
  Body extends Schema | undefined = Schema | undefined,
  Response extends Schema | undefined = Schema | undefined,
> {
  /** One line for the OpenAPI document. */
  summary: string
  access: Granted
  /** In the other modes the route answers 404. Default: every mode. */
  modes?: readonly AuthMode[]
  /**
   * Wants that who comes with a session has proved who they are within the last 10 minutes, else 403
   * `auth.step_up_required`.
   * A function: only where it holds of the body.
   */
  stepUp?: true | ((body: OutputOf<Body>) => boolean)
  /** Answers also somebody who has to set up a second factor before anything else. */
  whileRestricted?: true
  /** Makes the user of a token that comes for the first time, and brings them up to date with what it says. */
  firstCall?: true
  params?: Params
  query?: Query
  body?: Body
  /** Shapes the answer: what it does not declare never leaves. Absent: the answer has no body. */
  response?: Response
  /** Of an answer that is text of another kind than JSON. */
  mediaType?: string
  /** Of success. Default 200, or 204 without a response. */
  status?: 200 | 201 | 202 | 204
  /** Answers 201 instead, where this holds of the result: something was made by the call. */
  created?: (result: Record<string, unknown>) => boolean
  /** Answers 503 instead, with the same shape, where this holds of the result. */
  unavailable?: (result: ResultOf<Response>) => boolean
  /** `version`: the handler's result carries a version, which makes the ETag. */
  etag?: 'version'
  /** `never`: answers of this POST are not kept for a repeated Idempotency-Key, as they set a cookie. */
  idempotency?: 'never'
  handle(input: RouteInput<Granted, Params, Query, Body>): Promise<ResultOf<Response>> | ResultOf<Response>
}

/** A route as Nitro serves it, with its definition for the OpenAPI document and the tests. */
export type DefinedRoute = EventHandler & { definition: RouteDefinition }

/**
 * Makes the one handler of a route file.
 * In this order: mode, access and scope, then path, query and body by their schemas, then the use case, then the
 * answer by its schema. Every error becomes application/problem+json.
 */
export function defineRoute<
  const Granted extends Access,
  Params extends Schema | undefined = undefined,
  Query extends Schema | undefined = undefined,
  Body extends Schema | undefined = undefined,
  Response extends Schema | undefined = undefined,
>(route: RouteDefinition<Granted, Params, Query, Body, Response>): DefinedRoute {
  const definition = route as unknown as RouteDefinition
  const handler = defineEventHandler(async (event) => {
    try {
      return await serve(event, definition)
    } catch (error) {
      return answerProblem(event, error)
    }
  })
  return Object.assign(handler, { definition })
}

async function serve(event: H3Event, route: RouteDefinition): Promise<unknown> {
  const { container } = event.context
  if (route.modes && !route.modes.includes(container.config.authMode)) throw httpError('route.not_found')
  if (route.firstCall) await settleBearer(event)
  const { caller } = event.context
  refuseRestricted(caller, route)
  const scope = await admit(event, route.access)
  const params = parse(route.params, getRouterParams(event, { decode: true }))
  const query = parse(route.query, getQuery(event))
  const rawBody = route.body ? await readJsonBody(event) : undefined
  const body = parse(route.body, rawBody)
  // A machine proves itself with each request, and a token lives by its owner's choice: neither has anybody at hand.
  const mayBeStale = !event.context.machine && (route.stepUp === true || route.stepUp?.(body))
  if (mayBeStale) refuseStaleProof(caller, container.clock.now())
  const ifMatch =
    event.method === 'PATCH' ? versionFromIfMatch(getRequestHeader(event, 'if-match')) : undefined

  setResponseHeader(event, 'Cache-Control', 'no-store')
  const input = { scope, params, query, body, ifMatch, container, event } as unknown
  const work = async () => {
    const result = await route.handle(input as Parameters<typeof route.handle>[0])
    const success = route.created?.(result as Record<string, unknown>)
      ? 201
      : (route.status ?? (route.response && result !== undefined ? 200 : 204))
    const status = route.unavailable?.(result) ? 503 : success
    const body = route.response?.parse(result)
    if (route.mediaType) setResponseHeader(event, 'Content-Type', route.mediaType)
    return { status, body, tag: tagOf(route, result, body) }
  }

  const key =
    event.method === 'POST' && route.idempotency !== 'never' && getRequestHeader(event, 'idempotency-key')
  const actorId = caller?.userId ?? event.context.machine?.by.id
  if (key && actorId) {
    const request = JSON.stringify([event.method, event.path, rawBody ?? null])
    const answer = await container.idempotency.once({ actorId, key, request }, work)
    if (answer.replayed) setResponseHeader(event, 'Idempotency-Replayed', 'true')
    return send(event, answer)
  }
  return send(event, await work())
}

function send(
  event: H3Event,
  { status, body, tag }: { status: number; body: unknown; tag?: string | undefined },
) {
  if (tag) setResponseHeader(event, 'ETag', tag)
  if (tag && event.method === 'GET' && isKnownToClient(getRequestHeader(event, 'if-none-match'), tag)) {
    setResponseStatus(event, 304)
    return null
  }
  setResponseStatus(event, status)
  return body ?? null
}

function parse(schema: Schema | undefined, value: unknown): unknown {
  if (!schema) return undefined
  const parsed = schema.safeParse(value)
  if (!parsed.success) throw httpError('request.invalid', { faults: faultsOf(parsed.error) })
  return parsed.data
}

function tagOf(route: RouteDefinition, result: unknown, body: unknown): string | undefined {
  if (route.etag !== 'version') return undefined
  return etagOf((result as { version: number }).version, body)
}

import { once } from 'node:events'
import { defineEventHandler, getQuery, getRequestHeader, type H3Event } from 'h3'
import { z } from 'zod'
import type { Container } from '#server/container'
import { AppError } from '#server/lib/errors'
import type { Access, ScopeOf } from './access'
import { admit } from './admit'
import type { DefinedRoute, RouteDefinition } from './define-route'
import { findCallerAgain } from './find-caller'
import { httpError } from './http.errors'
import { answerProblem } from './send-problem'

/** A comment is sent so often while nothing happens, so that no proxy takes the stream for dead. */
const keepAliveSeconds = 15

const EventId = z.coerce
  .number()
  .int()
  .min(0)
  .max(2 ** 31 - 1)

/** One event of a stream; `id` is what the client sends back as Last-Event-ID after a cut. */
export interface StreamedEvent<Data> {
  id: number
  data: Data
}

interface StreamDefinition<Granted extends Access, Data extends z.ZodType> {
  summary: string
  access: Granted
  /** Name of every event (`event:`). */
  event: string
  /** Shapes each event's data: what it does not declare never leaves. */
  data: Data
  /**
   * Events behind `after` (undefined: from the start) until `signal` aborts: when the client goes, or the server drains.
   * Whether the caller still may is checked again before each of them, and with every keep-alive.
   */
  open(input: {
    scope: ScopeOf<Granted>
    after: number | undefined
    signal: AbortSignal
    container: Container
  }): AsyncIterable<StreamedEvent<z.input<Data>>>
}

/**
 * Makes the handler of a route that streams events (text/event-stream, HTML Living Standard section 9.2).
 * A client resumes by Last-Event-ID; its first connection may say the same by `?lastEventId=`.
 */
export function defineEventStream<const Granted extends Access, Data extends z.ZodType>(
  route: StreamDefinition<Granted, Data>,
): DefinedRoute {
  const handler = defineEventHandler(async (event) => {
    try {
      const { container } = event.context
      const scope = await admit(event, route.access)
      const after = lastEventId(event)
      if (container.drain.signal.aborted) throw httpError('server.draining', { retryAfterSeconds: 1 })
      return await stream(event, route, (signal) => route.open({ scope, after, signal, container }))
    } catch (error) {
      return answerProblem(event, error)
    }
  })
  const definition = {
    summary: route.summary,
    access: route.access,
    response: route.data,
    stream: true,
    handle: () => {},
  }
  return Object.assign(handler, { definition: definition as unknown as RouteDefinition })
}

function lastEventId(event: H3Event): number | undefined {
  const given = getRequestHeader(event, 'last-event-id') ?? getQuery(event).lastEventId
  if (given === undefined || given === '') return undefined
  const parsed = EventId.safeParse(given)
  if (!parsed.success)
    throw httpError('request.invalid', {
      faults: [{ path: 'lastEventId', message: 'It must be the id of an event.' }],
    })
  return parsed.data
}

async function stream<Data extends z.ZodType>(
  event: H3Event,
  { access, event: name, data }: Pick<StreamDefinition<Access, Data>, 'access' | 'event' | 'data'>,
  open: (signal: AbortSignal) => AsyncIterable<StreamedEvent<z.input<Data>>>,
): Promise<void> {
  const { container, requestId } = event.context
  const { res } = event.node
  const gone = new AbortController()
  const signal = AbortSignal.any([gone.signal, container.drain.signal])
  const readmit = async () => {
    await findCallerAgain(event)
    await admit(event, access)
  }
  res.on('close', () => gone.abort())
  res.writeHead(200, {
    'Content-Type': 'text/event-stream',
    'Cache-Control': 'no-store',
    'X-Accel-Buffering': 'no',
    Connection: 'keep-alive',
  })
  // Nothing follows these (RFC 9110 section 9.3.2): a stream that nobody reads would be kept for as long as they stay.
  if (event.context.sentMethod === 'HEAD') {
    res.end()
    return
  }
  res.write(': connected\n\n')
  const keepAlive = setInterval(() => {
    res.write(': keep-alive\n\n')
    readmit().catch((error: unknown) => gone.abort(error))
  }, keepAliveSeconds * 1000)
  try {
    for await (const { id, data: raw } of open(signal)) {
      await readmit()
      const message = `id: ${id}\nevent: ${name}\ndata: ${JSON.stringify(data.parse(raw))}\n\n`
      if (!res.write(message)) await once(res, 'drain', { signal })
    }
  } catch (error) {
    // A client that may no longer watch is told why when it comes back.
    if (!signal.aborted && !(error instanceof AppError))
      container.log.warn({ requestId, err: error }, 'an event stream was cut')
  } finally {
    clearInterval(keepAlive)
    res.end()
  }
}

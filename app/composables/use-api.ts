import type { z } from 'zod'
import { Problem } from '#shared/contracts/common'

export interface ApiOptions {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  body?: unknown
  query?: Record<string, string | number | undefined>
  /** One for each submission; a repetition with the same key is answered with the first answer. */
  idempotencyKey?: string
  /** ETag of the state that the change was made on; a newer one answers 412. */
  ifMatch?: string
  /** Asked by a page that keeps itself up to date, and by nobody: the session is not used by it. */
  background?: boolean
  /** Here 401 is an answer, and not the end of the session; nor is more asked of the person. */
  anonymous?: boolean
}

/**
 * The portal's API, for composables. While a page is rendered on the server the calls stay inside the
 * process and carry the person's own cookie; in the browser they are ordinary requests.
 *
 * Every function throws a NuxtError whose `data` is a {@link Failure}. A session that ended while a page
 * was open leads to a page that says so; the call then never settles. Where a change wants a fresh proof of who the person
 * is, a dialog asks for it and the call is repeated.
 */
export function useApi() {
  const event = useRequestEvent()
  const connection = useConnection()

  async function call(path: string, options: ApiOptions): Promise<Response> {
    const init: RequestInit = { method: options.method ?? 'GET', headers: headersOf(options) }
    if (options.body !== undefined) init.body = JSON.stringify(options.body)
    const url = path + queryOf(options.query)
    let response: Response
    try {
      response = event ? await event.fetch(url, init) : await fetch(url, init)
    } catch (cause) {
      void connection.suspect()
      throw failed({ status: 0, code: 'portal.unreachable', title: 'No answer' }, cause)
    }
    // A session that gets a new token while the page is rendered.
    for (const cookie of event ? response.headers.getSetCookie() : [])
      event?.node.res.appendHeader('set-cookie', cookie)
    if (response.ok) return response
    const failure = await failureOf(response)
    if (isFromBefore(failure)) void connection.suspect()
    if (import.meta.client && !options.anonymous) {
      if (failure.code === 'auth.step_up_required') {
        // Apart, so that no other page fetches what is about passwords.
        const { askToStepUp } = await import('./step-up')
        if (await askToStepUp(api)) return call(path, options)
      }
      if (failure.code === 'auth.second_factor_required') {
        window.location.assign(enrolmentPath(location.pathname + location.search))
        return new Promise(() => {})
      }
    }
    if (import.meta.client && failure.status === 401 && !options.anonymous) {
      window.location.assign(wayIn(failure.code, location.pathname + location.search))
      return new Promise(() => {})
    }
    throw failed(failure)
  }

  const api = {
    /** Asks for one resource, and parses the answer. */
    async request<Schema extends z.ZodType>(schema: Schema, path: string, options: ApiOptions = {}) {
      return parsed(schema, await call(path, options))
    },
    /** As request, with the ETag to change it by. */
    async tagged<Schema extends z.ZodType>(schema: Schema, path: string, options: ApiOptions = {}) {
      const response = await call(path, options)
      return { etag: response.headers.get('etag') ?? undefined, value: await parsed(schema, response) }
    },
    /** Makes a change whose answer has nothing to read. */
    async command(path: string, options: ApiOptions): Promise<void> {
      await call(path, options)
    },
  }
  return api
}

async function parsed<Schema extends z.ZodType>(
  schema: Schema,
  response: Response,
): Promise<z.output<Schema>> {
  const result = schema.safeParse(await response.json().catch(() => undefined))
  if (result.success) return result.data
  // A page from before an upgrade meets a newer server.
  throw failed({
    status: 500,
    code: 'portal.answer_unknown',
    title: 'This page is out of date',
    detail: 'The portal answered in a way that this page does not know. Reload the page.',
  })
}

function headersOf(options: ApiOptions): Record<string, string> {
  return {
    accept: 'application/json',
    ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
    ...(options.idempotencyKey ? { 'idempotency-key': options.idempotencyKey } : {}),
    ...(options.background ? { 'x-background': '1' } : {}),
    ...(options.ifMatch ? { 'if-match': options.ifMatch } : {}),
  }
}

function queryOf(query: ApiOptions['query']): string {
  const pairs = Object.entries(query ?? {}).flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [[name, String(value)]],
  )
  return pairs.length > 0 ? `?${new URLSearchParams(pairs)}` : ''
}

async function failureOf(response: Response): Promise<Failure> {
  const retryAfterSeconds = Number(response.headers.get('retry-after')) || undefined
  const problem = Problem.safeParse(await response.json().catch(() => undefined))
  if (problem.success) {
    const { code, title, detail, errors, requestId } = problem.data
    return { status: response.status, code, title, detail, errors, requestId, retryAfterSeconds }
  }
  const requestId = response.headers.get('x-request-id') ?? undefined
  return {
    status: response.status,
    code: 'portal.failed',
    title: 'The portal failed',
    requestId,
    retryAfterSeconds,
  }
}

/** Whether what stands before the portal answered in its place: it did not reach it. */
function isFromBefore({ status, code }: Failure): boolean {
  return code === 'portal.failed' && [502, 503, 504].includes(status)
}

function failed(failure: Failure, cause?: unknown) {
  return createError<Failure>({
    status: failure.status || 503,
    statusText: failure.title,
    message: failure.detail ?? failure.title,
    data: failure,
    cause,
  })
}

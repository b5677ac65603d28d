import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createFaults } from '../fakes/faults.ts'
import { isSameSecret, listen, meet, readJson, type Listening } from '../fakes/http.ts'
import { createCallLog } from '../fakes/log.ts'
import { problem, refusals, type FakeAnswer } from './fake-answers.ts'
import { controlOf, type Controls } from './fake-control.ts'
import { operationIds, type OperationId } from './fake-operations.ts'
import { createJmapStore } from './fake-jmap-store.ts'
import { methodsOf, performJmap, sessionOf } from './fake-jmap.ts'
import { createRestStore } from './fake-rest-store.ts'
import { performRest, restOperationOf } from './fake-rest.ts'

/** A running fake of Stalwart; its `url` is what STALWART_API_URL takes. */
export interface StalwartFake extends Controls, Listening {
  readonly token: string
}

export interface StalwartFakeOptions {
  /** 0, the default, takes a free one. */
  port?: number
  /** A random key by default; with a colon in it, a user and their password. */
  token?: string
  /** `jmap`, the default: 0.16. `rest`: 0.15. */
  dialect?: 'jmap' | 'rest'
  /** How many requests later 0.16 makes its keys; `held`: when `runTasks` is called. Default 2. */
  keysAfter?: number | 'held'
  /** Whether people are kept in another directory, so that no password can be set. */
  isExternal?: boolean
  now?: () => Date
}

/**
 * Starts a fake of Stalwart's management API on 127.0.0.1: stateful, asking for its token, and stricter than Stalwart
 * in that it refuses and records whatever is not among what it knows of the published schema. It speaks one of both
 * dialects, and answers 404 to the paths of the other. `/-/…` controls it (fake-control.ts).
 *
 * @throws the listening socket's error, such as EADDRINUSE
 */
export async function startStalwartFake(options: StalwartFakeOptions = {}): Promise<StalwartFake> {
  const { port = 0, dialect = 'jmap', keysAfter = 2, isExternal = false, now = () => new Date() } = options
  const token = options.token ?? `API_${randomBytes(24).toString('base64url')}`
  const jmap = createJmapStore({ isExternal, now })
  const rest = createRestStore({ isExternal })
  const { state } = dialect === 'jmap' ? jmap : rest
  const faults = createFaults(operationIds)
  const log = createCallLog(operationIds)
  let waited = 0

  function runDueTasks(): void {
    if (keysAfter === 'held' || !jmap.hasTasks()) return
    waited += 1
    if (waited < keysAfter) return
    waited = 0
    jmap.state.runTasks()
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', fake.url)
    const { pathname: path, searchParams: query } = url
    if (path.startsWith('/-/')) return control(request, response, path)
    const method = request.method ?? ''
    const read = await readJson(request, refusals)
    const body = 'body' in read ? read.body : undefined
    const operations = operationsOf(method, path, body)
    log.begin(...operations)
    response.once('close', () => log.end())
    await meet(faults.take(operations), response, () => {
      if (dialect === 'jmap') runDueTasks()
      const { authorization } = request.headers
      if (path === '/jmap/session') return session(authorization)
      const denial = deny(authorization, token)
      if (denial) return denial
      if ('refusal' in read) return read.refusal
      return perform(method, path, query, body, operations)
    })
  }

  function operationsOf(method: string, path: string, body: unknown): OperationId[] {
    if (path === '/jmap/session') return ['session']
    if (dialect === 'jmap') return path === '/jmap/' ? methodsOf(body) : []
    const operation = restOperationOf(method, path)
    return operation ? [operation] : []
  }

  function session(authorization: string | undefined): FakeAnswer {
    const denial = authorization === undefined ? undefined : deny(authorization, token)
    if (denial) return denial
    // 0.15 takes its API keys below /api alone.
    if (dialect === 'rest' && authorization?.startsWith('Bearer ')) return unauthorized
    return sessionOf(authorization !== undefined, dialect === 'jmap')
  }

  function perform(
    method: string,
    path: string,
    query: URLSearchParams,
    body: unknown,
    operations: readonly OperationId[],
  ): FakeAnswer {
    if (method === 'POST' && path === '/jmap/') {
      if (dialect === 'jmap') return performJmap(jmap, body, log.violate)
      const unknown = 'urn:ietf:params:jmap:error:unknownCapability'
      return problem(400, 'Unknown capability', 'urn:stalwart:jmap is not known.', unknown)
    }
    const [operation] = operations
    if (dialect === 'jmap' || !operation) return problem(404, 'Not Found', 'The resource does not exist.')
    return performRest(rest, operation, { method, path, query, body }, log.violate)
  }

  const listening = await listen({
    port,
    answer,
    onFailure: (error) => log.violate('fake', String(error)),
    failed: problem(500, 'The fake failed', 'It has a fault of its own.'),
  })

  const fake: StalwartFake = {
    ...state,
    ...listening,
    token,
    faults,
    calls: log.calls,
    requests: log.requests,
    peakConcurrency: log.peak,
    violations: log.violations,
    reset() {
      state.clear()
      faults.clear()
      log.clear()
      waited = 0
    },
  }
  const control = controlOf(fake)
  return fake
}

const unauthorized: FakeAnswer = {
  status: 401,
  body: {
    type: 'about:blank',
    status: 401,
    title: 'Unauthorized',
    detail: 'You have to authenticate first.',
  },
  headers: {
    'content-type': 'application/problem+json',
    'www-authenticate': 'Bearer realm="Stalwart Server"',
  },
}

/** Stalwart's answer to missing or wrong credentials. */
function deny(authorization: string | undefined, token: string): FakeAnswer | undefined {
  const [scheme, sent] = authorization?.trim().split(/\s+/, 2) ?? []
  const isBasic = token.includes(':')
  const wanted = isBasic ? Buffer.from(token).toString('base64') : token
  if (scheme?.toLowerCase() !== (isBasic ? 'basic' : 'bearer') || !sent) return unauthorized
  return isSameSecret(sent, wanted) ? undefined : unauthorized
}

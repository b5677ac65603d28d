import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { answerControl, type Controls } from './fake-control.ts'
import { createFaults, operationIds, type OperationId } from './fake-faults.ts'
import { badRequest, createFakeGroups, type FakeAnswer } from './fake-groups.ts'
import { createFakeUsers } from './fake-users.ts'
import { meet, readJson, send } from './fake-http.ts'
import { loadOperations, type Operation, type SchemaFault } from './fake-schema.ts'

const apiPath = '/api/v3'

/** A running fake of Authentik. */
export interface AuthentikFake extends Controls {
  /** Its origin, such as `http://127.0.0.1:9000`; what AUTHENTIK_API_URL takes. */
  readonly url: string
  readonly token: string
  /** Cuts every connection and ends. */
  stop(): Promise<void>
}

/**
 * Starts a fake of Authentik's API of groups and users on 127.0.0.1: stateful, asking for its token, and stricter than
 * Authentik in that it refuses (400) and records whatever the published schema does not declare. What the
 * schema declares and the fake does not perform gets 501. `/-/…` controls it (fake-control.ts).
 *
 * @param options.port 0, the default, takes a free one
 * @param options.token a random one by default
 * @throws the listening socket's error, such as EADDRINUSE
 */
export async function startAuthentikFake(
  options: { port?: number; token?: string } = {},
): Promise<AuthentikFake> {
  const { port = 0, token = randomBytes(32).toString('base64url') } = options
  const findOperation = loadOperations()
  const groups = createFakeGroups((pk) => users.has(pk))
  const users = createFakeUsers(groups.seen)
  const performs = { ...groups.perform, ...users.perform }
  const faults = createFaults()
  const log = createCallLog()

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', fake.url)
    if (url.pathname.startsWith('/-/')) return answerControl(fake, request, response, url.pathname)
    const read = await readJson(request)
    const operation = url.pathname.startsWith(`${apiPath}/`)
      ? findOperation(request.method ?? '', url.pathname.slice(apiPath.length))
      : undefined
    if (!operation) return send(response, { status: 404, body: { detail: 'Not found.' } })
    const id = operationIds.find((performed) => performed === operation.id)
    if (!id) {
      log.violate(operation.id, [{ field: '', message: 'Not performed by the fake.' }])
      return send(response, { status: 501, body: { detail: `The fake does not perform ${operation.id}.` } })
    }
    log.begin(id)
    response.once('close', () => log.end())
    await meet(faults.take(id), response, () => {
      const denial =
        deny(request.headers.authorization, token) ?? ('refusal' in read ? read.refusal : undefined)
      return denial ?? perform(operation, id, url.searchParams, 'body' in read ? read.body : undefined)
    })
  }

  function perform(
    operation: Operation,
    id: OperationId,
    search: URLSearchParams,
    body: unknown,
  ): FakeAnswer {
    const { values: query, faults: queryFaults } = operation.parseQuery(search)
    const misfits = [...queryFaults, ...operation.checkBody(body)]
    log.violate(`${id} request`, misfits)
    const answer =
      misfits.length > 0
        ? badRequest(misfits)
        : performs[id]({ path: operation.path, query, body: { ...(body as object) } })
    log.violate(`${id} answer ${answer.status}`, operation.checkAnswer(answer.status, answer.body))
    return answer
  }

  const server = createServer((request, response) => {
    // A caller that goes away before its answer is no failure of ours.
    response.on('error', () => {})
    answer(request, response).catch((error: unknown) => {
      if (request.destroyed && !request.complete) return
      log.violate('fake', [{ field: '', message: String(error) }])
      if (!response.headersSent) send(response, { status: 500, body: { detail: 'The fake failed.' } })
    })
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')

  const fake: AuthentikFake = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    token,
    faults,
    groups: groups.list,
    addGroup: groups.add,
    changeGroup: groups.change,
    removeGroup: groups.remove,
    users: users.list,
    addUser: users.add,
    setRecoveryFlow: users.setRecoveryFlow,
    calls: log.calls,
    peakConcurrency: log.peak,
    violations: log.violations,
    reset() {
      groups.clear()
      users.clear()
      faults.clear()
      log.clear()
    },
    async stop() {
      server.closeAllConnections()
      if (server.listening) await new Promise((resolve) => server.close(resolve))
    },
  }
  return fake
}

/** Authentik's answer to a missing or wrong token, which is 403 and not 401. */
function deny(authorization: string | undefined, token: string): FakeAnswer | undefined {
  const [scheme, sent] = authorization?.trim().split(/\s+/, 2) ?? []
  if (scheme?.toLowerCase() !== 'bearer' || !sent) {
    return { status: 403, body: { detail: 'Authentication credentials were not provided.' } }
  }
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(sent), digest(token))
    ? undefined
    : { status: 403, body: { detail: 'Token invalid/expired' } }
}

function createCallLog() {
  const none = () => Object.fromEntries(operationIds.map((id) => [id, 0])) as Record<OperationId, number>
  let calls = none()
  let violations: string[] = []
  let underWay = 0
  let peak = 0
  return {
    begin(id: OperationId) {
      calls[id] += 1
      underWay += 1
      peak = Math.max(peak, underWay)
    },
    end: () => void (underWay -= 1),
    violate(where: string, faults: SchemaFault[]) {
      violations.push(
        ...faults.map(({ field, message }) => `${where}: ${field ? `${field}: ` : ''}${message}`),
      )
    },
    calls: () => ({ ...calls }),
    peak: () => peak,
    violations: () => [...violations],
    clear() {
      calls = none()
      violations = []
      peak = underWay
    },
  }
}

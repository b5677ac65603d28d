import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createFaults } from '../fakes/faults.ts'
import { isSameSecret, listen, meet, readJson, send, type FakeAnswer, type Listening } from '../fakes/http.ts'
import { createCallLog } from '../fakes/log.ts'
import { controlOf, refusals, type Controls } from './fake-control.ts'
import { badRequest, createFakeGroups } from './fake-groups.ts'
import { operationIds, type OperationId } from './fake-operations.ts'
import { loadOperations, type Operation } from './fake-schema.ts'
import { createFakeTokens } from './fake-tokens.ts'
import { createFakeUsers } from './fake-users.ts'

const apiPath = '/api/v3'

/** A running fake of Authentik; its `url` is what AUTHENTIK_API_URL takes. */
export interface AuthentikFake extends Controls, Listening {
  readonly token: string
}

/**
 * Starts a fake of Authentik's API of groups, users and tokens on 127.0.0.1: stateful, asking for its token, and stricter than
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
  const { port = 0 } = options
  let token = options.token ?? randomBytes(32).toString('base64url')
  const findOperation = loadOperations()
  const groups = createFakeGroups((pk) => users.has(pk))
  const users = createFakeUsers(groups.seen)
  const tokens = createFakeTokens(users)
  let version = defaultVersion
  const performs = {
    ...{ ...groups.perform, ...users.perform, ...tokens.perform },
    admin_version_retrieve: () => versionAnswer(version),
  }
  const faults = createFaults(operationIds)
  const log = createCallLog(operationIds)

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', fake.url)
    if (url.pathname.startsWith('/-/')) return control(request, response, url.pathname)
    const read = await readJson(request, refusals)
    const operation = url.pathname.startsWith(`${apiPath}/`)
      ? findOperation(request.method ?? '', url.pathname.slice(apiPath.length))
      : undefined
    if (!operation) return send(response, { status: 404, body: { detail: 'Not found.' } })
    const id = operationIds.find((performed) => performed === operation.id)
    if (!id) {
      log.violate(operation.id, 'Not performed by the fake.')
      return send(response, { status: 501, body: { detail: `The fake does not perform ${operation.id}.` } })
    }
    log.begin(id)
    response.once('close', () => log.end())
    await meet(faults.take([id]), response, () => {
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
    const given =
      misfits.length > 0
        ? badRequest(misfits)
        : performs[id]({ path: operation.path, query, body: { ...(body as object) } })
    log.violate(`${id} answer ${given.status}`, operation.checkAnswer(given.status, given.body))
    return given
  }

  const listening = await listen({
    port,
    answer,
    onFailure: (error) => log.violate('fake', String(error)),
    failed: { status: 500, body: { detail: 'The fake failed.' } },
  })

  const fake: AuthentikFake = {
    ...listening,
    get token() {
      return token
    },
    changeToken: (changed) => void (token = changed),
    faults,
    groups: groups.list,
    addGroup: groups.add,
    changeGroup: groups.change,
    removeGroup: groups.remove,
    users: users.list,
    addUser: users.add,
    tokens: tokens.list,
    setTokenMaker: tokens.setTokenMaker,
    setTokenLimit: tokens.setTokenLimit,
    setVersion: (changed) => void (version = changed),
    setRecoveryFlow: users.setRecoveryFlow,
    calls: log.calls,
    peakConcurrency: log.peak,
    violations: log.violations,
    reset() {
      groups.clear()
      users.clear()
      tokens.clear()
      version = defaultVersion
      faults.clear()
      log.clear()
    },
  }
  const control = controlOf(fake)
  return fake
}

const defaultVersion = '2026.8.3'

const versionAnswer = (version: string): FakeAnswer => ({
  status: 200,
  body: {
    ...{ version_current: version, version_latest: version, version_latest_valid: true },
    ...{ build_hash: '', outdated: false, outpost_outdated: false },
  },
})

/** Authentik's answer to a missing or wrong token, which is 403 and not 401. */
function deny(authorization: string | undefined, token: string): FakeAnswer | undefined {
  const [scheme, sent] = authorization?.trim().split(/\s+/, 2) ?? []
  if (scheme?.toLowerCase() !== 'bearer' || !sent) {
    return { status: 403, body: { detail: 'Authentication credentials were not provided.' } }
  }
  return isSameSecret(sent, token) ? undefined : { status: 403, body: { detail: 'Token invalid/expired' } }
}

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock } from '#server/lib/clock'
import { createFaults } from '../fakes/faults.ts'
import { listen, meet, readJson, readText, send, type Listening } from '../fakes/http.ts'
import { createCallLog } from '../fakes/log.ts'
import {
  badRequest,
  graphError,
  ok,
  refusals,
  type FakeAnswer,
  type FakeRequest,
  type FakeRole,
} from './fake-answers.ts'
import { controlOf, type Controls } from './fake-control.ts'
import { createFakeDrives } from './fake-drives.ts'
import { operationIds, type OperationId } from './fake-operations.ts'
import { createFakePeople } from './fake-people.ts'
import { createFakePermissions } from './fake-permissions.ts'
import { loadOperations, type Flavour, type Operation } from './fake-schema.ts'
import { createFakeTokens, type FakeCredentials } from './fake-tokens.ts'

const apiPath = '/graph'
const tokenPath = '/application/o/token/'
const appTokenPath = '/auth-app/tokens'
const statusPath = '/status.php'
const serviceName = 'tenantry'

/** How the fake behaves; what can be changed while it runs. */
export interface FakeSettings {
  /** Of the service account. */
  role: FakeRole
  /** Whether those who may not manage accounts see e-mail addresses (OCIS_SHOW_USER_EMAIL_IN_RESULTS). */
  showsMail: boolean
  /** What it says that its version is. */
  version: string
  /** Whether administrators may make app tokens of others (AUTH_APP_ENABLE_IMPERSONATION). */
  impersonates: boolean
  /** Whether app tokens are taken (PROXY_ENABLE_APP_AUTH). */
  takesAppTokens: boolean
  /** Whether accounts are somebody else's to make (OCIS_LDAP_SERVER_WRITE_ENABLED). */
  isReadOnly: boolean
}

/** A running fake of OCIS or OpenCloud, and of the issuer of its tokens. */
export interface OcisFake extends Controls, Listening {
  readonly tokenUrl: string
  readonly credentials: FakeCredentials
  /** Of the service account. */
  readonly serviceId: string
  readonly settings: FakeSettings
}

/** What ownCloud's clients ask first: the numbers of the server that they were made for, and its own. */
const statusOf = (version: string): FakeAnswer => ({
  status: 200,
  body: {
    ...{ installed: true, maintenance: false, needsDbUpgrade: false },
    ...{ version: '10.11.0.0', versionstring: '10.11.0', edition: 'Community' },
    ...{ productname: 'Infinite Scale', product: 'Infinite Scale', productversion: version },
  },
})

type Handlers = Record<
  Exclude<OperationId, 'GetStatus' | 'IssueToken' | `${string}AppToken` | 'ListAppTokens'>,
  (request: FakeRequest) => FakeAnswer
>

/**
 * Starts a fake of the spaces, accounts and permissions of LibreGraph on 127.0.0.1, with an issuer of tokens beside it:
 * stateful, asking for a token, and stricter than the servers in that it refuses (400) and records whatever the
 * published schema does not declare. `/-/…` controls it (fake-control.ts).
 *
 * It has the ways of the servers that their schema does not tell: see fake-drives.ts, fake-people.ts and
 * fake-permissions.ts. With an app token others than the service account see what is theirs (fake-tokens.ts). What their proxy refuses has no body: 401 for a token, 500 for an account without a role.
 *
 * @param options.port 0, the default, takes a free one
 * @param options.flavour whose schema and ways it has
 * @param options.tokenSeconds how long an issued token lasts. Default 300
 * @throws the listening socket's error, such as EADDRINUSE
 */
export async function startOcisFake(
  options: Partial<FakeSettings> & {
    port?: number
    flavour?: Flavour
    tokenSeconds?: number
    clock?: Clock
  } = {},
): Promise<OcisFake> {
  const { port = 0, flavour = 'ocis', tokenSeconds = 300, ...behaviour } = options
  const { clock = { now: () => new Date() }, ...given } = behaviour
  const settings: FakeSettings = {
    ...{ role: 'admin', showsMail: false, version: '7.1.0' },
    ...{ impersonates: false, takesAppTokens: true, isReadOnly: false },
    ...given,
  }
  const findOperation = loadOperations(flavour)
  const faults = createFaults(operationIds)
  const log = createCallLog(operationIds)
  const people = createFakePeople({
    serviceName,
    role: () => settings.role,
    showsMail: () => settings.showsMail,
    isReadOnly: () => settings.isReadOnly,
  })
  const tokens = createFakeTokens({
    ...{ clock, flavour, lifetimeSeconds: tokenSeconds, service: people.service, find: people.named },
    takesAppTokens: () => settings.takesAppTokens,
    impersonates: () => settings.impersonates,
    isAdmin: () => settings.role === 'admin',
  })
  const permissions = createFakePermissions({
    flavour,
    serviceId: people.service.id,
    find: (request) => drives.find(request),
    user: people.user,
    group: people.group,
  })
  const drives = createFakeDrives({
    flavour,
    role: () => settings.role,
    ownGrant: permissions.ownGrant,
    isOwnManager: permissions.isOwnManager,
    renderGrants: permissions.renderOld,
  })
  const perform: Handlers = { ...drives.perform, ...people.perform, ...permissions.perform }

  function meetFate(id: OperationId, response: ServerResponse, act: () => FakeAnswer): Promise<void> {
    log.begin(id)
    response.once('close', () => log.end())
    return meet(faults.take([id]), response, act)
  }

  /** What the proxy refuses before the service is asked, without a body. */
  function admit({ headers }: IncomingMessage): { callerId: string } | { denial: FakeAnswer } {
    const callerId = tokens.whoIs(headers.authorization)
    if (callerId === undefined) return { denial: { status: 401 } }
    const isRoleless = callerId === people.service.id && settings.role === 'none'
    return isRoleless ? { denial: { status: 500 } } : { callerId }
  }

  /** App tokens: those of whoever asks. */
  const appTokenCalls = {
    POST: ['CreateAppToken', tokens.issueAppToken],
    GET: ['ListAppTokens', (_: URLSearchParams, callerId: string) => tokens.listAppTokens(callerId)],
    DELETE: ['DeleteAppToken', tokens.deleteAppToken],
  } as const

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const target = request.url ?? '/'
    const url = new URL(target, fake.url)
    if (url.pathname.startsWith('/-/')) return control(request, response, url.pathname)
    if (request.method === 'GET' && url.pathname === statusPath) {
      if (request.headers.authorization) log.violate('GetStatus request', 'It is asked with a credential.')
      return meetFate('GetStatus', response, () => statusOf(settings.version))
    }
    if (request.method === 'POST' && url.pathname === tokenPath) {
      const form = await readText(request)
      return meetFate('IssueToken', response, () => tokens.issue(request.headers['content-type'], form))
    }
    if (url.pathname === appTokenPath && Object.hasOwn(appTokenCalls, request.method ?? '')) {
      const [id, act] = appTokenCalls[request.method as keyof typeof appTokenCalls]
      return meetFate(id, response, () => {
        const admitted = admit(request)
        return 'denial' in admitted ? admitted.denial : act(url.searchParams, admitted.callerId)
      })
    }
    const read = await readJson(request, refusals)
    const path = target.split('?', 1)[0] ?? ''
    const operation = path.startsWith(`${apiPath}/`)
      ? findOperation(request.method ?? '', path.slice(apiPath.length))
      : undefined
    const id = operationIds.find((performed) => performed === operation?.id)
    if (!operation || !id || !(id in perform)) {
      return send(response, graphError(404, 'itemNotFound', 'The fake has no such path.'))
    }
    await meetFate(id, response, () => {
      const admitted = admit(request)
      if ('denial' in admitted) return admitted.denial
      if ('refusal' in read) return read.refusal
      const { callerId } = admitted
      return performStrictly(operation, id as keyof Handlers, {
        ...{ path, url, request, callerId },
        body: 'body' in read ? read.body : undefined,
      })
    })
  }

  function performStrictly(
    operation: Operation,
    id: keyof Handlers,
    sent: { path: string; url: URL; body: unknown; request: IncomingMessage; callerId: string },
  ): FakeAnswer {
    const { values: query, faults: queryFaults } = operation.parseQuery(sent.url.searchParams)
    const raw = /[$!]/.test(sent.path) ? [{ field: 'path', message: '$ and ! have to be encoded' }] : []
    const misfits = [...raw, ...queryFaults, ...operation.checkBody(sent.body)]
    log.violate(`${id} request`, misfits)
    if (misfits.length > 0) {
      return badRequest(misfits.map(({ field, message }) => `${field} ${message}`.trim()).join('; '))
    }
    const { restore, purge } = sent.request.headers as Record<string, string | undefined>
    const body = { ...(sent.body as object) }
    const asked = { path: operation.path, query, body, headers: { restore, purge } }
    const given =
      sent.callerId === people.service.id ? perform[id](asked) : performAs(sent.callerId, id, asked)
    log.violate(`${id} answer ${given.status}`, operation.checkAnswer(given.status, given.body))
    return given
  }

  /** What others than the service account see: themselves, and the spaces that they were let into. */
  function performAs(callerId: string, id: keyof Handlers, { path }: FakeRequest): FakeAnswer {
    const caller = people.user(callerId)
    if (id === 'GetOwnUser' && caller) return ok({ ...caller })
    if (id === 'GetDrive') return drives.shownTo(path.drive_id ?? '', callerId)
    return graphError(403, 'accessDenied', 'the fake lets nobody else do this')
  }

  const listening = await listen({
    port,
    answer,
    onFailure: (error) => log.violate('fake', String(error)),
    failed: graphError(500, 'generalException', 'The fake failed.'),
  })

  function existing(id: string) {
    const drive = drives.get(id)
    if (!drive) throw new TypeError(`There is no space ${id}.`)
    return drive
  }

  const fake: OcisFake = {
    ...listening,
    tokenUrl: listening.url + tokenPath,
    credentials: tokens.credentials,
    serviceId: people.service.id,
    settings,
    faults,
    drives: drives.list,
    addDrive: drives.add,
    changeDrive: (id, change) => void Object.assign(existing(id), change),
    users: people.list,
    addUser: people.add,
    removeUser: (id) => void people.remove(id),
    addGroup: people.addGroup,
    appTokens: tokens.listIssued,
    grant: ({ driveId, kind, holderId, roles }) =>
      permissions.grant(existing(driveId), kind, holderId, roles),
    calls: log.calls,
    peakConcurrency: log.peak,
    violations: log.violations,
    revokeTokens: tokens.revoke,
    reset() {
      drives.clear()
      people.clear()
      faults.clear()
      log.clear()
    },
  }
  const control = controlOf(fake)
  return fake
}

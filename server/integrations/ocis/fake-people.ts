import { randomUUID } from 'node:crypto'
import {
  badRequest,
  graphError,
  noContent,
  ok,
  type FakeAnswer,
  type FakeRequest,
  type FakeRole,
} from './fake-answers.ts'

const shortestSearch = 3
const username = /^[a-zA-Z_][a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]*(@[a-zA-Z0-9-]+(\.[a-zA-Z0-9-]+)*)?$/

/** An account as the fake keeps it. */
export interface FakeUser {
  id: string
  displayName: string
  mail: string
  onPremisesSamAccountName: string
  userType: 'Member' | 'Guest' | 'Federated'
}

/** What an account is made from where somebody else makes it, by signing in for instance. */
export interface FakeUserRequest {
  mail: string
  displayName?: string | undefined
  userType?: FakeUser['userType'] | undefined
}

export interface FakeGroup {
  id: string
  displayName: string
}

/** Accounts and groups, with the rules of the graph service. */
export function createFakePeople(options: {
  serviceName: string
  role: () => FakeRole
  showsMail: () => boolean
  /** Whether the directory takes no changes (OCIS_LDAP_SERVER_WRITE_ENABLED). */
  isReadOnly: () => boolean
}) {
  const { serviceName, role, showsMail, isReadOnly } = options
  const users = new Map<string, FakeUser>()
  const groups = new Map<string, FakeGroup>()
  const service: FakeUser = {
    id: randomUUID(),
    displayName: 'Tenantry',
    mail: `${serviceName}@service.example.org`,
    onPremisesSamAccountName: serviceName,
    userType: 'Member',
  }
  users.set(service.id, service)

  function add({ mail, displayName = mail, userType = 'Member' }: FakeUserRequest): FakeUser {
    const onPremisesSamAccountName = mail || displayName
    const user = { id: randomUUID(), displayName, mail, onPremisesSamAccountName, userType }
    users.set(user.id, user)
    return user
  }

  /** Who may not manage accounts sees names alone, and addresses where the server is told to show them. */
  function render(user: FakeUser) {
    const { id, displayName, mail, onPremisesSamAccountName, userType } = user
    const shown = role() === 'admin' || showsMail()
    return {
      id,
      displayName,
      userType,
      ...(mail && shown ? { mail } : {}),
      onPremisesSamAccountName: role() === 'admin' ? onPremisesSamAccountName : '',
    }
  }

  /** Everything at once, newest first; there are no pages. */
  function list({ query }: FakeRequest): FakeAnswer {
    const unsupported = ['$filter', '$orderby', '$select', '$expand'].filter((it) => it in query)
    if (unsupported.length > 0) {
      return graphError(501, 'notSupported', `the fake has no ${unsupported.join(', ')}`)
    }
    const raw = String(query.$search ?? '')
    const term = raw.replace(/^"(.*)"$/, '$1').toLowerCase()
    if (role() !== 'admin' && term.length < shortestSearch) {
      return graphError(403, 'accessDenied', 'search term too short')
    }
    if (/[@ ]/.test(raw) && !/^".*"$/.test(raw)) return badRequest('the search is no phrase')
    const value = [...users.values()]
      .filter(({ mail, displayName, onPremisesSamAccountName }) =>
        [mail, displayName, onPremisesSamAccountName].some((text) => text.toLowerCase().includes(term)),
      )
      .reverse()
      .map(render)
    return ok({ value })
  }

  const refuseChange = (): FakeAnswer | undefined =>
    role() === 'admin'
      ? isReadOnly()
        ? graphError(405, 'notAllowed', 'server is configured read-only')
        : undefined
      : graphError(403, 'accessDenied', 'not allowed to manage accounts')

  /** By its id or its username, as the server takes either. */
  const named = (nameOrId = '') =>
    users.get(nameOrId) ??
    [...users.values()].find(({ onPremisesSamAccountName }) => onPremisesSamAccountName === nameOrId)
  const userNotFound = () => graphError(404, 'itemNotFound', 'not found')

  function get({ path }: FakeRequest): FakeAnswer {
    const user = named(path.user_id)
    return user ? ok(render(user)) : userNotFound()
  }

  /** Without its permissions in spaces, which stay behind. */
  function remove({ path }: FakeRequest): FakeAnswer {
    const refusal = refuseChange()
    if (refusal) return refusal
    const user = named(path.user_id)
    if (!user) return userNotFound()
    if (user === service) return graphError(403, 'notAllowed', 'self deletion forbidden')
    users.delete(user.id)
    return noContent
  }

  function create({ body }: FakeRequest): FakeAnswer {
    const refusal = refuseChange()
    if (refusal) return refusal
    const { displayName, mail = '', onPremisesSamAccountName } = body as unknown as FakeUser
    if (!displayName) return badRequest('Empty displayname')
    if (!username.test(onPremisesSamAccountName)) return badRequest('Invalid username')
    if ('id' in body || 'userType' in body) return badRequest('user id is a read-only attribute')
    if ([...users.values()].some((user) => user.onPremisesSamAccountName === onPremisesSamAccountName)) {
      return graphError(409, 'nameAlreadyExists', 'a user with that name already exists')
    }
    const user = add({ mail, displayName })
    user.onPremisesSamAccountName = onPremisesSamAccountName
    return ok(render(user), 201)
  }

  return {
    service,
    perform: {
      GetOwnUser: () => ok({ ...service }),
      ListUsers: list,
      CreateUser: create,
      GetUser: get,
      DeleteUser: remove,
    },
    named,
    render,
    user: (id: string) => users.get(id),
    group: (id: string) => groups.get(id),
    add: (request: FakeUserRequest) => structuredClone(add(request)),
    addGroup(displayName: string) {
      const group = { id: randomUUID(), displayName }
      groups.set(group.id, group)
      return structuredClone(group)
    },
    /** All but the service account. */
    list: () => structuredClone([...users.values()].filter(({ id }) => id !== service.id)),
    remove: (id: string) => users.delete(id),
    clear() {
      users.clear()
      groups.clear()
      users.set(service.id, service)
    },
  }
}

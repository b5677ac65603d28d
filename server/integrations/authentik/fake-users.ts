import { randomUUID } from 'node:crypto'
import { badRequest, paginate, type FakeAnswer, type FakeGroup, type FakeRequest } from './fake-groups.ts'
import type { SchemaFault } from './fake-schema.ts'

/** A user as the fake keeps it; on the wire it has the fields derived from these too. */
export interface FakeUser {
  pk: number
  uuid: string
  username: string
  name: string
  email: string
  is_active: boolean
  type: string
  path: string
  last_login: string | null
  attributes: Record<string, unknown>
}

/** What a user is made from: Authentik's `UserRequest`, without roles. */
export type FakeUserRequest = Partial<Omit<FakeUser, 'pk' | 'uuid'>> & { username: string; groups?: string[] }

/** What the users have to do with: the groups, which know who is in them. */
interface FakeGroupsSeen {
  all(): FakeGroup[]
  find(pk: string): FakeGroup | undefined
}

const missing: FakeAnswer = { status: 404, body: { detail: 'No User matches the given query.' } }
const longAgo = '2026-01-01T00:00:00Z'

/** Users with the rules of Authentik's own serializer, view set and filters. */
export function createFakeUsers(groups: FakeGroupsSeen) {
  const users = new Map<number, FakeUser>()
  let count = 0
  let hasRecoveryFlow = false

  /** By itself or by a group above it, as members of a group are of those above it too. */
  const makesSuperuser = (group: FakeGroup): boolean =>
    group.is_superuser ||
    group.parents.some((pk) => {
      const parent = groups.find(pk)
      return parent !== undefined && makesSuperuser(parent)
    })

  const groupsOf = ({ pk }: FakeUser) => groups.all().filter((group) => group.users.includes(pk))

  function refuse(request: Record<string, unknown>, self?: FakeUser): FakeAnswer | undefined {
    const faults: SchemaFault[] = []
    const { username, groups: named, roles } = request
    if (typeof username === 'string') {
      if (!username.trim()) faults.push({ field: 'username', message: 'This field may not be blank.' })
      const taken = [...users.values()].some((user) => user.username === username.trim() && user !== self)
      if (taken) faults.push({ field: 'username', message: 'This field must be unique.' })
    }
    for (const key of Array.isArray(named) ? named.map(String) : [])
      if (!groups.find(key))
        faults.push({ field: 'groups', message: `Invalid pk "${key}" - object does not exist.` })
    for (const key of Array.isArray(roles) ? roles.map(String) : [])
      faults.push({ field: 'roles', message: `Invalid pk "${key}" - object does not exist.` })
    return faults.length > 0 ? badRequest(faults) : undefined
  }

  function write(user: FakeUser, request: Partial<FakeUserRequest>): FakeUser {
    const { groups: named, attributes, ...plain } = request
    Object.assign(user, plain, { username: (plain.username ?? user.username).trim() })
    user.attributes = structuredClone(attributes ?? user.attributes)
    users.set(user.pk, user)
    if (named) {
      for (const group of groups.all())
        group.users = group.users.filter((pk) => pk !== user.pk || named.includes(group.pk))
      for (const key of named) join(groups.find(key), user)
    }
    return user
  }

  const fresh = (): FakeUser => ({
    pk: (count += 1),
    uuid: randomUUID(),
    username: '',
    name: '',
    email: '',
    is_active: true,
    type: 'internal',
    path: 'users',
    last_login: null,
    attributes: {},
  })

  function render(user: FakeUser, query: Record<string, unknown> = {}) {
    const inside = groupsOf(user)
    const partial = ({ pk, name, is_superuser, attributes }: FakeGroup, index: number) => ({
      ...{ pk, num_pk: index, name, is_superuser, attributes },
    })
    const { email, ...plain } = structuredClone(user)
    return {
      ...plain,
      // Left out where it is empty: the schema does not know an empty one.
      ...(email && { email }),
      avatar: 'data:image/svg+xml;base64,',
      uid: user.uuid.replaceAll('-', ''),
      is_superuser: inside.some(makesSuperuser),
      groups: inside.map(({ pk }) => pk),
      groups_obj: query.include_groups === false ? null : inside.map(partial),
      roles: [],
      roles_obj: query.include_roles === false ? null : [],
      date_joined: longAgo,
      last_updated: longAgo,
      password_change_date: longAgo,
    }
  }

  function list(query: Record<string, unknown>): FakeAnswer {
    const known = [
      ...['email', 'username', 'search', 'groups_by_pk', 'attributes', 'ordering', 'type'],
      ...['page', 'page_size', 'include_groups', 'include_roles'],
    ]
    const unsupported = Object.keys(query).filter((it) => !known.includes(it))
    if (unsupported.length > 0)
      return { status: 501, body: { detail: `The fake has no filter ${unsupported.join(', ')}.` } }
    const { email, username, search, groups_by_pk: inGroups, attributes, ordering } = query
    const types = query.type as string[] | undefined
    const wanted = (inGroups as string[] | undefined)?.map((pk) => ({ pk, group: groups.find(pk) }))
    const absent = wanted?.find(({ group }) => !group)
    if (absent) {
      const message = `“${absent.pk}” is not a valid value.`
      return badRequest([{ field: 'groups_by_pk', message }])
    }
    const carried = attributes === undefined ? {} : parseAttributes(String(attributes))
    if (typeof carried === 'string') return badRequest([{ field: '', message: carried }])
    const needle = search === undefined ? undefined : String(search).toLowerCase()
    const found = [...users.values()].filter(
      (user) =>
        (email === undefined || user.email === email) &&
        (username === undefined || user.username === username) &&
        (needle === undefined ||
          [user.email, user.name, user.username].some((text) => text.toLowerCase().includes(needle))) &&
        (types === undefined || types.includes(user.type)) &&
        (wanted === undefined || wanted.some(({ group }) => group?.users.includes(user.pk))) &&
        carries(user, carried),
    )
    if (ordering === '-pk') found.reverse()
    return paginate(found, query, (user) => render(user, query))
  }

  const withUser = (path: FakeRequest['path'], answer: (user: FakeUser) => FakeAnswer): FakeAnswer => {
    const user = users.get(Number(path.id))
    return user ? answer(user) : missing
  }

  /** Who is put into a group or taken out of it: a 404 without a body where there is nobody of that number. */
  const account = (
    { path, body }: FakeRequest,
    apply: (group: FakeGroup, user: FakeUser) => void,
  ): FakeAnswer => {
    const group = groups.find(path.group_uuid ?? '')
    const user = users.get(Number(body.pk))
    if (!group || !user) return { status: 404 }
    apply(group, user)
    return { status: 204 }
  }

  const perform = {
    core_users_list: ({ query }: FakeRequest) => list(query),
    core_users_create: ({ body }: FakeRequest): FakeAnswer =>
      refuse(body) ?? { status: 201, body: render(write(fresh(), body)) },
    core_users_retrieve: ({ path }: FakeRequest) =>
      withUser(path, (user) => ({ status: 200, body: render(user) })),
    core_users_partial_update: ({ path, body }: FakeRequest) =>
      withUser(path, (user) => refuse(body, user) ?? { status: 200, body: render(write(user, body)) }),
    core_users_recovery_create: ({ path }: FakeRequest) =>
      withUser(path, ({ pk }) =>
        hasRecoveryFlow
          ? { status: 200, body: { link: `https://id.example.org/recovery/use-token/${pk}/` } }
          : badRequest([{ field: '', message: 'No recovery flow set.' }]),
      ),
    core_groups_add_user_create: (request: FakeRequest) => account(request, join),
    core_groups_remove_user_create: (request: FakeRequest) =>
      account(request, (group, { pk }) => (group.users = group.users.filter((inside) => inside !== pk))),
  }

  return {
    perform,
    has: (pk: number) => users.has(pk),
    /** As it is on the wire. @throws TypeError where it is not there */
    render(pk: number): object {
      const user = users.get(pk)
      if (!user) throw new TypeError(`The fake has no user ${pk}`)
      return render(user)
    },
    list: () => structuredClone([...users.values()]),
    /** Puts a user there as somebody else would have, without asking the rules. */
    add: (request: FakeUserRequest) => structuredClone(write(fresh(), request)),
    setRecoveryFlow: (isSet: boolean) => void (hasRecoveryFlow = isSet),
    clear() {
      users.clear()
      hasRecoveryFlow = false
    },
  }
}

function join(group: FakeGroup | undefined, { pk }: FakeUser): void {
  if (group && !group.users.includes(pk)) group.users.push(pk)
}

/** @returns the mapping to look for, or what Authentik says where it is none */
function parseAttributes(text: string): object | string {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? value
      : 'filter: value must be key:value mapping'
  } catch {
    return 'filter: failed to parse JSON'
  }
}

/** Whether attributes are these, each named by its path with `__` between its parts, as Django names them. */
function carries({ attributes }: FakeUser, wanted: object): boolean {
  return Object.entries(wanted).every(([path, value]) => {
    const found = path
      .split('__')
      .reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], attributes)
    return found === value
  })
}

import { randomUUID } from 'node:crypto'
import type { Operation, SchemaFault } from './fake-schema.ts'
import type { GroupOperationId } from './fake-operations.ts'

/** A group as the fake keeps it; on the wire it has the fields derived from these too. */
export interface FakeGroup {
  pk: string
  name: string
  is_superuser: boolean
  attributes: Record<string, unknown>
  parents: string[]
  /** Who is in it: the `pk` of users. */
  users: number[]
}

export interface FakeAnswer {
  status: number
  body?: unknown
}

/** What a group is made from: Authentik's `GroupRequest`, without what needs users or roles. */
export interface FakeGroupRequest {
  name: string
  attributes?: FakeGroup['attributes'] | undefined
  is_superuser?: boolean | undefined
  parents?: string[] | undefined
  users?: number[] | undefined
}

/** A request that passed the schema. */
export interface FakeRequest {
  path: Operation['path']
  query: Record<string, unknown>
  body: Record<string, unknown>
}

const defaultPageSize = 20
const largestPageSize = 100
const missing: FakeAnswer = { status: 404, body: { detail: 'No Group matches the given query.' } }

/** Groups with the rules of Authentik's own serializer and view set. @param isUser whether a user of that number is there */
export function createFakeGroups(isUser: (pk: number) => boolean = () => false) {
  const groups = new Map<string, FakeGroup>()

  /** Those that match, by name. */
  const select = (matches: (group: FakeGroup) => boolean) => byName([...groups.values()].filter(matches))
  const byName = (some: FakeGroup[]) => some.sort((one, other) => (one.name < other.name ? -1 : 1))

  /** Without a list of all groups for each one that is shown: there may be thousands. */
  function childrenOf({ pk }: FakeGroup): FakeGroup[] {
    const children: FakeGroup[] = []
    for (const group of groups.values())
      if (group.parents.length > 0 && group.parents.includes(pk)) children.push(group)
    return byName(children)
  }

  function refuse(request: Record<string, unknown>, self?: FakeGroup): FakeAnswer | undefined {
    const faults: SchemaFault[] = []
    const { name, parents, users, roles } = request
    if (typeof name === 'string') {
      if (!name.trim()) faults.push({ field: 'name', message: 'This field may not be blank.' })
      const taken = select((group) => group.name === name.trim() && group !== self)
      if (taken.length > 0) faults.push({ field: 'name', message: 'This field must be unique.' })
    }
    // The fake knows no roles, so that naming any of them is naming one that is not there.
    for (const [field, keys] of Object.entries({ parents, users, roles })) {
      for (const key of Array.isArray(keys) ? keys.map(String) : []) {
        if (field === 'parents' && groups.has(key)) continue
        if (field === 'users' && isUser(Number(key))) continue
        faults.push({ field, message: `Invalid pk "${key}" - object does not exist.` })
      }
    }
    return faults.length > 0 ? badRequest(faults) : undefined
  }

  function write(group: FakeGroup, request: Partial<FakeGroupRequest>): FakeGroup {
    const { name = group.name, attributes, is_superuser, parents, users } = request
    Object.assign(group, {
      name: name.trim(),
      attributes: structuredClone(attributes ?? group.attributes),
      is_superuser: is_superuser ?? group.is_superuser,
      parents: [...(parents ?? group.parents)],
      users: [...(users ?? group.users)],
    })
    groups.set(group.pk, group)
    return group
  }

  const fresh = (): FakeGroup => ({
    pk: randomUUID(),
    name: '',
    is_superuser: false,
    attributes: {},
    parents: [],
    users: [],
  })

  function render(group: FakeGroup, query: Record<string, unknown> = {}) {
    const related = (it: FakeGroup) => ({
      pk: it.pk,
      group_uuid: it.pk,
      name: it.name,
      attributes: it.attributes,
    })
    const children = childrenOf(group)
    const parents = byName(group.parents.flatMap((pk) => groups.get(pk) ?? []))
    return {
      ...structuredClone(group),
      num_pk: Number(
        BigInt(`0x${group.pk.replaceAll('-', '')}`)
          .toString()
          .slice(0, 9),
      ),
      parents_obj: query.include_parents === true ? parents.map(related) : null,
      // Of each its profile, which nothing of ours asks for.
      users_obj: query.include_users === false ? null : [],
      roles: [],
      roles_obj: [],
      inherited_roles_obj: query.include_inherited_roles === true ? [] : null,
      children: children.map(({ pk }) => pk),
      children_obj: query.include_children === true ? children.map(related) : null,
    }
  }

  function list(query: Record<string, unknown>): FakeAnswer {
    const unsupported = ['attributes', 'members_by_pk', 'members_by_username'].filter((it) => it in query)
    if (unsupported.length > 0) {
      return { status: 501, body: { detail: `The fake has no filter ${unsupported.join(', ')}.` } }
    }
    const { name, search, is_superuser } = query
    const found = select(
      (group) =>
        (name === undefined || group.name === name) &&
        (search === undefined || group.name.toLowerCase().includes(String(search).toLowerCase())) &&
        (is_superuser === undefined || group.is_superuser === is_superuser),
    )
    return paginate(found, query, (group) => render(group, query))
  }

  const withGroup = (path: FakeRequest['path'], answer: (group: FakeGroup) => FakeAnswer): FakeAnswer => {
    const group = groups.get(path.group_uuid ?? '')
    return group ? answer(group) : missing
  }

  const perform: Record<GroupOperationId, (request: FakeRequest) => FakeAnswer> = {
    core_groups_list: ({ query }) => list(query),
    core_groups_create: ({ body }) => refuse(body) ?? { status: 201, body: render(write(fresh(), body)) },
    core_groups_retrieve: ({ path, query }) =>
      withGroup(path, (group) => ({ status: 200, body: render(group, query) })),
    core_groups_partial_update: ({ path, body }) =>
      withGroup(path, (group) => refuse(body, group) ?? { status: 200, body: render(write(group, body)) }),
    core_groups_destroy: ({ path }) => withGroup(path, (group) => (groups.delete(group.pk), { status: 204 })),
  }

  return {
    perform,
    /** The very groups, for whoever is in them. */
    seen: { all: () => [...groups.values()], find: (pk: string) => groups.get(pk) },
    list: () => structuredClone(select(() => true)),
    /** Puts a group there without asking the rules, as a race in an older database could. */
    add: (request: FakeGroupRequest) => structuredClone(write(fresh(), request)),
    /** Changes a group as somebody else would. @throws TypeError where it is not there */
    change(pk: string, change: Partial<FakeGroupRequest>) {
      const group = groups.get(pk)
      if (!group) throw new TypeError(`There is no group ${pk}.`)
      write(group, change)
    },
    remove: (pk: string) => void groups.delete(pk),
    clear: () => groups.clear(),
  }
}

/** One page of what was found, as Authentik's own pagination gives it. */
export function paginate<Row>(
  found: Row[],
  query: Record<string, unknown>,
  render: (row: Row) => unknown,
): FakeAnswer {
  const asked = Number(query.page_size ?? 0)
  const size = asked > 0 ? Math.min(asked, largestPageSize) : defaultPageSize
  const page = Number(query.page ?? 1)
  const pages = Math.max(Math.ceil(found.length / size), 1)
  if (page < 1 || page > pages) return { status: 404, body: { detail: 'Invalid page.' } }
  const results = found.slice((page - 1) * size, page * size)
  const pagination = {
    next: page < pages ? page + 1 : 0,
    previous: page - 1,
    count: found.length,
    current: page,
    total_pages: pages,
    start_index: found.length === 0 ? 0 : (page - 1) * size + 1,
    end_index: (page - 1) * size + results.length,
  }
  return { status: 200, body: { pagination, results: results.map(render), autocomplete: {} } }
}

/** Authentik's 400: for each field its sentences. */
export function badRequest(faults: SchemaFault[]): FakeAnswer {
  const body: Record<string, string[]> = {}
  for (const { field, message } of faults) (body[field || 'non_field_errors'] ??= []).push(message)
  return { status: 400, body }
}

import { randomUUID } from 'node:crypto'
import {
  badRequest,
  driveNotFound,
  graphError,
  noContent,
  ok,
  parseBool,
  type FakeAnswer,
  type FakeRequest,
  type FakeRole,
} from './fake-answers.ts'
import type { Flavour } from './fake-schema.ts'

const illegalInNames = /[/\\.:?*"><|]/
const nameLimitBytes = 255

/** Who may do what in a space. */
export interface FakeGrant {
  permissionId: string
  kind: 'user' | 'group' | 'link'
  /** Of the user or the group; empty for a link. */
  holderId: string
  /** Empty where it is made of single actions. */
  roles: string[]
}

/** A space as the fake keeps it. */
export interface FakeDrive {
  id: string
  driveType: 'project' | 'personal'
  name: string
  description: string
  /** In bytes; 0 is no limit. */
  total: number
  used: number
  isDisabled: boolean
  grants: FakeGrant[]
}

/** What a space is made from where somebody else makes it. */
export interface FakeDriveRequest {
  name: string
  description?: string | undefined
  total?: number | undefined
  used?: number | undefined
  isDisabled?: boolean | undefined
  driveType?: FakeDrive['driveType'] | undefined
  /** Whether the service account is one of its managers. Default true. */
  isOurs?: boolean | undefined
}

/** Spaces, with the rules of the graph service. */
export function createFakeDrives(options: {
  flavour: Flavour
  role: () => FakeRole
  /** Makes the permission of a new space's first manager, who is the service account. */
  ownGrant: () => FakeGrant
  isOwnManager: (drive: FakeDrive) => boolean
  /** The old form of a space's permissions, which OCIS has in every listing and OpenCloud only where asked. */
  renderGrants: (drive: FakeDrive) => unknown[]
}) {
  const { flavour, role, ownGrant, isOwnManager, renderGrants } = options
  const drives = new Map<string, FakeDrive>()
  const provider = randomUUID()

  const newId = () => {
    const space = randomUUID()
    return flavour === 'ocis' ? `${provider}$${space}` : `${provider}$${space}!${space}`
  }

  function add(request: FakeDriveRequest): FakeDrive {
    const { name, description = '', total = 0, used = 0, isDisabled = false, isOurs = true } = request
    const driveType = request.driveType ?? 'project'
    const grants = isOurs ? [ownGrant()] : []
    const drive = { id: newId(), driveType, name, description, total, used, isDisabled, grants }
    drives.set(drive.id, drive)
    return drive
  }

  function render(drive: FakeDrive) {
    const { id, name, description, driveType, total, used, isDisabled } = drive
    const state = total > 0 && used > total * 0.9 ? 'critical' : 'normal'
    return {
      id,
      name,
      driveType,
      driveAlias: `${driveType}/${name.toLowerCase().replaceAll(' ', '-')}`,
      ...(description ? { description } : {}),
      lastModifiedDateTime: '2026-11-22T10:00:00.123456789Z',
      quota: isDisabled ? { total } : { total, used, remaining: Math.max(total - used, 0), state },
      root: {
        id,
        eTag: '"fake"',
        webDavUrl: `https://files.example.org/dav/spaces/${id}`,
        ...(flavour === 'ocis' && !isDisabled ? { permissions: renderGrants(drive) } : {}),
        ...(isDisabled ? { deleted: { state: 'trashed' } } : {}),
      },
      webUrl: `https://files.example.org/f/${id}`,
    }
  }

  /** The one of the path; undefined where it is not there or not ours, which is the same to a caller. */
  function find({ path }: FakeRequest): FakeDrive | undefined {
    const drive = drives.get(path.drive_id ?? '')
    return drive && isOwnManager(drive) ? drive : undefined
  }

  /** Newest first, so that nobody relies on an order. */
  function list({ query }: FakeRequest): FakeAnswer {
    const filter = matcherOf(query.$filter)
    if ('refusal' in filter) return filter.refusal
    const mayList = role() !== 'user'
    const value = [...drives.values()]
      .filter((drive) => (mayList || isOwnManager(drive)) && filter.matches(drive))
      .reverse()
      .map(render)
    return ok(value.length === 0 && flavour === 'ocis' ? {} : { value })
  }

  function create({ body }: FakeRequest): FakeAnswer {
    if (role() === 'user') {
      return graphError(403, 'notAllowed', 'insufficient permissions to create a space.')
    }
    const { name, description, total } = fieldsOf(body)
    if (body.driveType !== undefined && body.driveType !== '' && body.driveType !== 'project') {
      return badRequest('drives of this type cannot be created via this api')
    }
    const fault = faultOfName(name ?? '')
    if (fault) return badRequest(`invalid spacename: ${fault}`)
    return ok(render(add({ name: name as string, description, total })), 201)
  }

  function update(request: FakeRequest): FakeAnswer {
    const drive = find(request)
    const isRestored = parseBool(request.headers.restore)
    if (!drive || (drive.isDisabled && !isRestored)) return driveNotFound()
    const { name, description, total } = fieldsOf(request.body)
    const fault = name ? faultOfName(name) : undefined
    if (fault) return graphError(400, 'generalException', fault)
    if (name) drive.name = name
    if (description !== undefined) drive.description = description
    if (total !== undefined) drive.total = total
    if (isRestored) drive.isDisabled = false
    return ok(render(drive))
  }

  function remove(request: FakeRequest): FakeAnswer {
    const drive = find(request)
    if (!drive) return driveNotFound()
    if (!parseBool(request.headers.purge)) drive.isDisabled = true
    else if (drive.isDisabled) drives.delete(drive.id)
    else return badRequest("can't purge enabled space")
    return noContent
  }

  return {
    find,
    perform: {
      ListAllDrives: list,
      CreateDrive: create,
      GetDrive: (request: FakeRequest) => {
        const drive = find(request)
        return drive ? ok(render(drive)) : driveNotFound()
      },
      UpdateDrive: update,
      DeleteDrive: remove,
    },
    add: (request: FakeDriveRequest) => structuredClone(add(request)),
    /** As it is shown to somebody who is let in. */
    shownTo(id: string, holderId: string): FakeAnswer {
      const drive = drives.get(id)
      const isIn = drive?.grants.some((grant) => grant.kind === 'user' && grant.holderId === holderId)
      return drive && isIn && !drive.isDisabled ? ok(render(drive)) : driveNotFound()
    },
    /** The one of that id, to be changed in place. */
    get: (id: string) => drives.get(id),
    list: () => structuredClone([...drives.values()].filter(({ driveType }) => driveType === 'project')),
    clear: () => drives.clear(),
  }
}

/** `eq` alone is known (501 for others), on two properties; any other property is silently ignored. */
function matcherOf(filter: unknown): { matches(drive: FakeDrive): boolean } | { refusal: FakeAnswer } {
  if (filter === undefined) return { matches: () => true }
  const [, property, operator, value] = /^(\S+) (\S+) '?(.*?)'?$/.exec(String(filter)) ?? []
  if (operator !== 'eq') {
    return { refusal: graphError(501, 'notSupported', `unsupported filter operand: ${operator ?? filter}`) }
  }
  if (property !== 'driveType' && property !== 'id') return { matches: () => true }
  return { matches: (drive) => drive[property] === value }
}

function fieldsOf(body: Record<string, unknown>) {
  const { name, description, quota } = body as {
    name?: string
    description?: string
    quota?: { total?: number }
  }
  return { name: name?.trim(), description, total: quota?.total }
}

function faultOfName(name: string): string | undefined {
  if (name === '') return 'spacename must not be empty'
  if (Buffer.byteLength(name) > nameLimitBytes) return `spacename must be smaller than ${nameLimitBytes}`
  if (illegalInNames.test(name)) return 'spacenames must not contain [/ \\ . : ? * " > < |]'
  return undefined
}

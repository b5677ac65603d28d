import { randomUUID } from 'node:crypto'
import {
  badRequest,
  driveNotFound,
  graphError,
  noContent,
  ok,
  type FakeAnswer,
  type FakeRequest,
} from './fake-answers.ts'
import type { FakeDrive, FakeGrant } from './fake-drives.ts'
import type { Flavour } from './fake-schema.ts'

const spaceRoles: Record<string, { displayName: string; oldName: string }> = {
  'a8d5fe5e-96e3-418d-825b-534dbdf22b99': { displayName: 'Can view', oldName: 'viewer' },
  '58c63c02-1d89-4572-916a-870abc5a1b7d': { displayName: 'Can edit', oldName: 'editor' },
  '312c0871-5ef7-4b3a-85b6-0e4074c64049': { displayName: 'Can manage', oldName: 'manager' },
}
const managerId = '312c0871-5ef7-4b3a-85b6-0e4074c64049'
/** Of files and folders, which the published examples show, and a space refuses. */
const fileRoles = ['b1e2218d-eef8-4d4c-b82d-0f1a1b48f3b5', 'fb6c3e19-e378-47e5-b277-9732f9de6e21']

type Named = { displayName: string; userType?: string } | undefined

/** Who is in a space, with the rules of the graph service. */
export function createFakePermissions(options: {
  flavour: Flavour
  serviceId: string
  find: (request: FakeRequest) => FakeDrive | undefined
  user: (id: string) => Named
  group: (id: string) => Named
}) {
  const { flavour, serviceId, find, user, group } = options

  function grantOf(kind: FakeGrant['kind'], holderId: string, roles: string[]): FakeGrant {
    const isOld = flavour === 'ocis' && kind !== 'link'
    const permissionId = isOld ? `${kind === 'user' ? 'u' : 'g'}:${holderId}` : randomUUID()
    return { permissionId, kind, holderId, roles: [...roles] }
  }

  function identity({ kind, holderId: id }: FakeGrant) {
    const { displayName = '', userType } = (kind === 'user' ? user(id) : group(id)) ?? {}
    const type = kind === 'user' && userType ? { '@libre.graph.userType': userType } : {}
    return { [kind]: { id, displayName, ...type } }
  }

  function render(grant: FakeGrant) {
    const { permissionId: id, kind, roles } = grant
    if (kind === 'link') return { id, link: { type: 'view', webUrl: 'https://files.example.org/s/fake' } }
    const what =
      roles.length > 0
        ? { roles: [...roles] }
        : { '@libre.graph.permissions.actions': ['libre.graph/driveItem/basic/read'] }
    return { id, grantedToV2: identity(grant), ...what }
  }

  /** The space, where it can be entered: a disabled one can't. */
  function open(request: FakeRequest): FakeDrive | undefined {
    const drive = find(request)
    return drive && !drive.isDisabled && drive.driveType === 'project' ? drive : undefined
  }

  function faultOfRoles(roles: unknown): FakeAnswer | undefined {
    if (!Array.isArray(roles) || roles.length !== 1) return badRequest("Key: 'Roles' Error: exactly one role")
    const [role] = roles as string[]
    if (fileRoles.includes(role ?? '')) return badRequest('role not applicable to this resource')
    return role && role in spaceRoles ? undefined : badRequest('unknown role')
  }

  function invite(request: FakeRequest): FakeAnswer {
    const drive = open(request)
    if (!drive) return driveNotFound()
    const { recipients, roles } = request.body as {
      recipients?: { objectId?: string; '@libre.graph.recipient.type'?: string }[]
      roles?: string[]
    }
    if (recipients?.length !== 1) return badRequest("Key: 'Recipients' Error: exactly one recipient")
    const fault = faultOfRoles(roles)
    if (fault) return fault
    const [recipient] = recipients
    const kind = recipient?.['@libre.graph.recipient.type'] === 'group' ? 'group' : 'user'
    const holderId = recipient?.objectId ?? ''
    if (!(kind === 'user' ? user(holderId) : group(holderId))) return badRequest(`${kind} not found`)
    if (drive.grants.some((grant) => grant.kind === kind && grant.holderId === holderId)) {
      return graphError(409, 'nameAlreadyExists', 'grant already exists')
    }
    const grant = grantOf(kind, holderId, roles ?? [])
    drive.grants.push(grant)
    return ok({ value: [render(grant)] })
  }

  function list(request: FakeRequest): FakeAnswer {
    const drive = open(request)
    if (!drive) return driveNotFound()
    const allowed = Object.entries(spaceRoles).map(([id, { displayName }]) => ({ id, displayName }))
    return ok({
      '@libre.graph.permissions.actions.allowedValues': ['libre.graph/driveItem/basic/read'],
      '@libre.graph.permissions.roles.allowedValues': allowed,
      value: [...drive.grants].reverse().map(render),
    })
  }

  function withGrant(
    request: FakeRequest,
    answer: (grant: FakeGrant, drive: FakeDrive) => FakeAnswer,
  ): FakeAnswer {
    const drive = open(request)
    const grant = drive?.grants.find(({ permissionId }) => permissionId === request.path.perm_id)
    if (!drive) return driveNotFound()
    return grant ? answer(grant, drive) : graphError(404, 'itemNotFound', 'permission not found')
  }

  const isLastManager = (grant: FakeGrant, drive: FakeDrive) =>
    drive.grants.every((other) => other === grant || !other.roles.includes(managerId))

  return {
    ownGrant: () => grantOf('user', serviceId, [managerId]),
    isOwnManager: (drive: FakeDrive) =>
      drive.grants.some(({ holderId, roles }) => holderId === serviceId && roles.includes(managerId)),
    /** As the listing of spaces has them: without ids, and with the names that roles had once. */
    renderOld: (drive: FakeDrive) =>
      drive.grants
        .filter(({ kind }) => kind !== 'link')
        .map((grant) => ({
          grantedToIdentities: [identity(grant)],
          roles: grant.roles.map((role) => spaceRoles[role]?.oldName ?? role),
        })),
    perform: {
      InviteSpaceRoot: invite,
      ListPermissionsSpaceRoot: list,
      UpdatePermissionSpaceRoot: (request: FakeRequest) =>
        withGrant(request, (grant) => {
          const { roles } = request.body as { roles?: string[] }
          const fault = faultOfRoles(roles)
          if (fault) return fault
          grant.roles = [...(roles ?? [])]
          return ok(render(grant))
        }),
      DeletePermissionSpaceRoot: (request: FakeRequest) =>
        withGrant(request, (grant, drive) => {
          if (isLastManager(grant, drive)) {
            return graphError(403, 'accessDenied', "can't remove the last manager")
          }
          drive.grants = drive.grants.filter((other) => other !== grant)
          return noContent
        }),
    },
    /** Lets somebody in without asking the rules. */
    grant(drive: FakeDrive, kind: FakeGrant['kind'], holderId: string, roles: string[]) {
      const grant = grantOf(kind, holderId, roles)
      drive.grants.push(grant)
      return structuredClone(grant)
    },
  }
}

import type { Exchange } from './exchange'
import { failed, RefusedError } from './failure'
import { listAll } from './listing'
import { Nothing, Permission, PermissionPage, type Drive } from './wire'

/** The roles of a space; the ids of the roles of files and folders are others, and are refused on a space. */
export const roleIds = {
  Manager: '312c0871-5ef7-4b3a-85b6-0e4074c64049',
  Editor: '58c63c02-1d89-4572-916a-870abc5a1b7d',
  Viewer: 'a8d5fe5e-96e3-418d-825b-534dbdf22b99',
} as const
export type SpaceRole = keyof typeof roleIds

/** What somebody's permission stands for, in words. */
export function roleOf({ roles }: Permission): string {
  const known = Object.entries(roleIds).find(([, id]) => roles.length === 1 && roles[0] === id)
  return known?.[0] ?? (roles.join(', ') || 'single actions')
}

/** Whose it is: an account of this server; undefined for a group, a link and somebody of another server. */
export function holderOf({ grantedToV2 }: Permission): { id: string; name: string } | undefined {
  const user = grantedToV2?.user
  if (!user?.id || user['@libre.graph.userType'] === 'Federated') return undefined
  return { id: user.id, name: user.displayName || user.id }
}

/** Who may enter a space. Every call throws what `Exchange` throws. */
export interface Permissions {
  /** All of them; a disabled space does not show them. */
  list(space: Drive, signal: AbortSignal): Promise<Permission[]>
  /** Lets an account in. Where it is in already, its role is made this one. */
  invite(
    space: Drive,
    account: { id: string; email: string },
    role: SpaceRole,
    signal: AbortSignal,
  ): Promise<void>
  change(
    space: Drive,
    permission: { id: string; name: string },
    role: SpaceRole,
    signal: AbortSignal,
  ): Promise<void>
  /** Does nothing where it is gone already. */
  remove(space: Drive, permission: { id: string; name: string }, signal: AbortSignal): Promise<void>
}

export function createPermissions(exchange: Exchange): Permissions {
  const rootOf = (space: Drive) => ['v1beta1', 'drives', space.id, 'root']

  const permissions: Permissions = {
    list: (space, signal) =>
      listAll(
        exchange,
        {
          purpose: `list who is in the space ${space.name}`,
          path: [...rootOf(space), 'permissions'],
          answer: PermissionPage,
        },
        signal,
      ),

    async invite(space, { id, email }, role, signal) {
      const purpose = `let ${email} into the space ${space.name}`
      const recipients = [{ objectId: id, '@libre.graph.recipient.type': 'user' }]
      const path = [...rootOf(space), 'invite']
      try {
        const body = { recipients, roles: [roleIds[role]] }
        await exchange({ purpose, method: 'POST', path, body, answer: PermissionPage }, signal)
      } catch (error) {
        if (!(error instanceof RefusedError && error.status === 409)) throw error
        const there = (await permissions.list(space, signal)).find((it) => holderOf(it)?.id === id)
        if (!there) throw error
        if (roleOf(there) !== role)
          await permissions.change(space, { id: there.id, name: email }, role, signal)
      }
    },

    async change(space, { id, name }, role, signal) {
      await exchange(
        {
          purpose: `make ${name} ${role} in the space ${space.name}`,
          method: 'PATCH',
          path: [...rootOf(space), 'permissions', id],
          body: { roles: [roleIds[role]] },
          answer: Permission,
        },
        signal,
      )
    },

    async remove(space, { id, name }, signal) {
      const purpose = `take ${name} out of the space ${space.name}`
      const path = [...rootOf(space), 'permissions', id]
      try {
        await exchange({ purpose, method: 'DELETE', path, answer: Nothing }, signal)
      } catch (error) {
        if (!(error instanceof RefusedError && error.status === 404)) throw error
        // Which also stands for what it does not let us do.
        const isThere = (await permissions.list(space, signal)).some((it) => it.id === id)
        if (isThere) throw failed('unauthorized', error.message)
      }
    },
  }
  return permissions
}

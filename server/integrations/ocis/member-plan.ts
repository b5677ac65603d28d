import type { DesiredMember } from './desired'
import { holderOf, roleOf, type SpaceRole } from './permissions'
import type { Permission, User } from './wire'

/** Somebody who is in the space, by a permission of their own. */
export interface Holder {
  permissionId: string
  userId: string
  name: string
  role: string
}

/** What is to be done about one person. */
export type MemberChange =
  | { do: 'remove'; holder: Holder }
  | { do: 'change'; holder: Holder; member: DesiredMember & { email: string }; role: SpaceRole }
  | { do: 'invite'; member: DesiredMember & { email: string }; userId: string; role: SpaceRole }
  | { do: 'create'; member: DesiredMember & { email: string }; role: SpaceRole }

/** What a space's members are, and what they should be. */
export interface MemberDifference {
  /** Those who are in it, ourselves left out. */
  holders: Holder[]
  /** Who leaves comes first. */
  changes: MemberChange[]
  notes: string[]
}

/** Owners and admins manage the space, members work in it. */
export const spaceRoleOf = ({ role }: DesiredMember): SpaceRole => (role === 'member' ? 'Editor' : 'Manager')

/**
 * Compares who is in a space with who should be. Permissions of groups, links and people of other servers are left
 * alone, and so is the service account's own, without which it would lose the space.
 *
 * @param accounts by e-mail address in lower case
 * @param mayCreate whether a person who has no account there gets one
 * @param lent ids of the accounts of the tenant's leases, which are left alone while they are viewers
 */
export function compareMembers(
  members: readonly DesiredMember[],
  accounts: ReadonlyMap<string, readonly User[]>,
  permissions: readonly Permission[],
  me: User,
  mayCreate: boolean,
  lent: ReadonlySet<string> = new Set(),
): MemberDifference {
  const holders = permissions.flatMap((permission) => {
    const holder = holderOf(permission)
    if (!holder || holder.id === me.id) return []
    const { id: userId, name } = holder
    const role = roleOf(permission)
    return role === 'Viewer' && lent.has(userId) ? [] : [{ permissionId: permission.id, userId, name, role }]
  })
  const byUser = new Map(holders.map((holder) => [holder.userId, holder]))
  const kept = new Set<string>()
  const changes: MemberChange[] = []
  const absent: string[] = []
  const ambiguous: string[] = []
  const unnamed: string[] = []

  for (const { email, ...rest } of members) {
    if (email === null) {
      unnamed.push(rest.name)
      continue
    }
    const member = { ...rest, email }
    const role = spaceRoleOf(member)
    const found = accounts.get(email) ?? []
    const [account] = found
    if (!account) {
      if (mayCreate) changes.push({ do: 'create', member, role })
      else absent.push(email)
    } else if (found.length > 1) {
      for (const { id } of found) kept.add(id)
      ambiguous.push(email)
    } else if (account.id !== me.id) {
      kept.add(account.id)
      const holder = byUser.get(account.id)
      if (!holder) changes.push({ do: 'invite', member, userId: account.id, role })
      else if (holder.role !== role) changes.push({ do: 'change', holder, member, role })
    }
  }

  const groups = permissions.flatMap(({ grantedToV2 }) => grantedToV2?.group?.displayName ?? [])
  const leaving = holders.filter(({ userId }) => !kept.has(userId))
  return {
    holders,
    changes: [...leaving.map((holder) => ({ do: 'remove', holder }) as const), ...changes],
    // Notes, and no refusals: who leaves would be held up by them.
    notes: [
      ...note(absent, 'No account there yet, which comes with the first sign-in'),
      ...note(ambiguous, 'More than one account there with that address, of which one should keep it'),
      ...note(unnamed, 'No e-mail address, by which an account could be told'),
      ...note(groups, 'Let in by hand, as groups, and left alone'),
    ],
  }
}

const shownAtMost = 5

function note(names: readonly string[], what: string): string[] {
  if (names.length === 0) return []
  const more = names.length > shownAtMost ? ` and ${names.length - shownAtMost} more` : ''
  return [`${what}: ${names.slice(0, shownAtMost).join(', ')}${more}.`]
}

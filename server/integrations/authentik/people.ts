import type { DesiredMember } from '#server/provisioning/step-planner.port'
import { userIdOf } from './marks'
import type { User } from './wire'

/** Who a member is at Authentik: somebody, nobody yet, or undecided, with the reason for an operator. */
export type Who = { user: User } | { note: string } | undefined

/**
 * Finds a member among users: by our stamp, else by e-mail address whatever its case. Service accounts are nobody, and
 * who carries the stamp of another user of ours is that one.
 */
export function whoIs({ userId, email }: DesiredMember, among: readonly User[]): Who {
  const [stamped] = among.filter((user) => userIdOf(user) === userId).sort(byAge)
  if (stamped) return { user: stamped }
  if (email === null) return undefined
  const people = among.filter(isPerson)
  const alike = people.filter((user) => user.email.toLowerCase() === email)
  const free = alike.filter((user) => userIdOf(user) === undefined)
  const [only, another] = free
  if (another)
    return {
      note: `Authentik has ${free.length} users with the address ${email}: set the attribute tenantryUserId of the right one to ${userId}.`,
    }
  if (only) return { user: only }
  const [other] = alike
  if (other)
    return {
      note: `Authentik's user ${other.username} has the address ${email}, and is another person by its attribute tenantryUserId: take that from it if it is theirs.`,
    }
  const [namesake] = among.filter(({ username }) => username.toLowerCase() === usernameOf({ userId, email }))
  if (namesake)
    return {
      note: `Authentik's user ${namesake.username} has another address: set its attribute tenantryUserId to ${userId} if it is theirs.`,
    }
  return undefined
}

/** Of an account that we make: the e-mail, or what is short enough for Authentik. */
export function usernameOf({ userId, email }: { userId: string; email: string }): string {
  return email.length <= 150 ? email : `tenantry-${userId}`
}

const byAge = (one: User, other: User) => one.pk - other.pk
const isPerson = ({ type }: User) => type === 'internal' || type === 'external'

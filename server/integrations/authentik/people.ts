import { lowerAscii } from '#server/lib/ascii'
import type { DesiredMember, FormerMember } from '#server/provisioning/step-planner.port'
import { userIdOf } from './stamp'
import type { User } from './wire'

/** Who a member is at Authentik: somebody, nobody yet, or undecided between some, with the reason for an operator. */
export type Who = { user: User } | { note: string; among: readonly User[] } | undefined

/** Users, to be asked who of ours they are. */
export interface People {
  /**
   * Finds a member: by our stamp, else by e-mail address whatever its case. Service accounts are nobody, who carries
   * the stamp of another user of ours is that one, and where more than one could be meant none is.
   */
  whoIs(member: DesiredMember): Who
  /** Whether somebody carries a member's stamp. */
  isStamped(member: DesiredMember): boolean
  /**
   * Every account of somebody who left: each with their stamp, and each with their address that is no member's, even
   * where it is stamped otherwise.
   */
  accountsOf(former: FormerMember, members: readonly DesiredMember[]): User[]
}

export function peopleAmong(users: readonly User[]): People {
  const stamped = Map.groupBy(users, userIdOf)
  const persons = users.filter(isPerson)
  const byEmail = Map.groupBy(persons, ({ email }) => lowerAscii(email))
  const byUsername = Map.groupBy(users, ({ username }) => lowerAscii(username))

  function byAddress(userId: string, email: string): Who {
    const alike = byEmail.get(email) ?? []
    const free = alike.filter((user) => userIdOf(user) === undefined)
    const [only, another] = free
    if (another)
      return {
        note: `Authentik has ${free.length} users with the address ${email}: set the attribute tenantryUserId of the right one to ${userId}.`,
        among: free,
      }
    if (only) return { user: only }
    const [other] = alike
    if (other)
      return {
        note: `Authentik's user ${other.username} has the address ${email}, and is another person by its attribute tenantryUserId: take that from it if it is theirs.`,
        among: [],
      }
    const [namesake] = byUsername.get(usernameOf({ userId, email })) ?? []
    if (namesake)
      return {
        note: `Authentik's user ${namesake.username} has another address: set its attribute tenantryUserId to ${userId} if it is theirs.`,
        among: [],
      }
    return undefined
  }

  const personsStamped = (userId: string) => (stamped.get(userId) ?? []).filter(isPerson)
  return {
    whoIs({ userId, email }) {
      const theirs = personsStamped(userId)
      const [only, another] = theirs
      if (another)
        return {
          note: `Authentik's users ${theirs.map(({ username }) => username).join(' and ')} have the same attribute tenantryUserId: take it from those who are not ${email ?? userId}.`,
          among: theirs,
        }
      if (only) return { user: only }
      return email === null ? undefined : byAddress(userId, email)
    },
    isStamped: ({ userId }) => personsStamped(userId).length > 0,
    accountsOf({ userId, email }, members) {
      const alike = email === null ? [] : (byEmail.get(email) ?? [])
      const isMember = (user: User) => members.some((member) => member.userId === userIdOf(user))
      return [...(stamped.get(userId) ?? []), ...alike.filter((user) => !isMember(user))]
    },
  }
}

/** Of an account that we make: the e-mail, or what is short enough for Authentik. */
export function usernameOf({ userId, email }: { userId: string; email: string }): string {
  return email.length <= 150 ? email : `tenantry-${userId}`
}

export const nameOf = ({ email, username }: User) => email || username

const isPerson = ({ type }: User) => type === 'internal' || type === 'external'

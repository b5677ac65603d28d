import { setTimeout as wait } from 'node:timers/promises'
import type {
  Change,
  DesiredMember,
  DesiredTenant,
  PlannedChange,
} from '#server/provisioning/step-planner.port'
import { failed, RefusedError } from './failure'
import type { Groups } from './groups'
import { createMarkWriter } from './mark-writer'
import type { Mark } from './marks'
import { nameOf, usernameOf } from './people'
import { freshAttributes, userIdOf, withStamp } from './stamp'
import type { Users } from './users'
import type { Group, User } from './wire'

/** Makes the changes of one plan; each is one person's. */
export type MemberChanges = ReturnType<typeof createMemberChanges>

export const reasons = {
  left: 'No longer a member of the tenant.',
  takenOutBefore:
    'Tenantry took them out before: who is to be in again is added in the portal, and not in the group.',
} as const

/** @param groupOf gives the group, when the first change is made */
export function createMemberChanges(
  { groups, users }: { groups: Groups; users: Users },
  tenant: DesiredTenant,
  groupOf: (signal: AbortSignal) => Promise<Group>,
) {
  const marks = createMarkWriter(groups, groupOf)
  const into = { group: { from: null, to: tenant.slug } }
  const outOf = { group: { from: tenant.slug, to: null } }
  const change = (of: Omit<Change, 'kind'>, apply: PlannedChange['apply']): PlannedChange => ({
    ...{ kind: 'member', ...of },
    apply,
  })

  async function stamp(user: User, { userId }: DesiredMember, signal: AbortSignal) {
    if (userIdOf(user) === userId) return
    const change = (now: User) => {
      const is = userIdOf(now)
      if (is === undefined || is === userId) return withStamp(now, userId)
      throw failed('unavailable', `Authentik's user ${user.username} is somebody else by now`)
    }
    await users.changeAttributes(user, change, signal)
    await noticeLateness(signal)
  }

  return {
    create: (member: DesiredMember & { email: string }) =>
      change({ action: 'create', name: member.email, fields: into }, async (signal) => {
        const { userId, email, name } = member
        const { pk } = await groupOf(signal)
        const account = { username: usernameOf(member), email, name, attributes: freshAttributes(userId) }
        try {
          await users.create({ ...account, groups: [pk] }, signal)
        } catch (error) {
          // Somebody was quicker: who they made is looked at when it is planned again.
          if (!(error instanceof RefusedError && error.fields.includes('username'))) throw error
        }
      }),

    /** Puts a member into the group. A mark goes after that: cut off between the two, they are not forgotten. */
    attach(user: User, member: DesiredMember, mark: Mark | undefined) {
      if (mark) marks.planRemoval(user.pk)
      const action = userIdOf(user) === member.userId ? 'update' : 'adopt'
      return change({ action, name: nameOf(user), fields: into }, async (signal) => {
        await stamp(user, member, signal)
        await users.attach(await groupOf(signal), user, signal)
        await marks.remove(user.pk, signal)
      })
    },

    /** Notes of a member who is in the group that they are one. */
    adopt(user: User, member: DesiredMember, mark: Mark | undefined) {
      if (mark) marks.planRemoval(user.pk)
      const action = userIdOf(user) === member.userId ? 'update' : 'adopt'
      return change({ action, name: nameOf(user) }, async (signal) => {
        await stamp(user, member, signal)
        await marks.remove(user.pk, signal)
      })
    },

    /** Takes somebody out. Marked first: cut off after that, they are taken out by the next plan all the same. */
    takeOut(user: User, mark: Mark, reason?: string) {
      marks.plan(user.pk, mark)
      const of = { action: 'update', name: nameOf(user), fields: outOf, ...(reason && { reason }) } as const
      return change(of, async (signal) => {
        await marks.begin(signal)
        await users.detach(await groupOf(signal), user, signal)
      })
    },

    /** Has somebody stay out who would have come back with the tenant. */
    keepOut(user: User) {
      marks.plan(user.pk, 'out')
      return change({ action: 'update', name: nameOf(user), reason: reasons.left }, (signal) =>
        marks.begin(signal),
      )
    },

    /** Puts somebody back who was there by hand before the tenant was closed. */
    putBack(user: User) {
      marks.planRemoval(user.pk)
      return change({ action: 'update', name: nameOf(user), fields: into }, async (signal) => {
        await users.attach(await groupOf(signal), user, signal)
        await marks.remove(user.pk, signal)
      })
    },

    /** Drops the mark of somebody who is back already. */
    forget(user: User) {
      marks.planRemoval(user.pk)
      return change({ action: 'update', name: nameOf(user) }, (signal) => marks.remove(user.pk, signal))
    },

    expel: (user: User) =>
      change({ action: 'update', name: nameOf(user), fields: outOf }, async (signal) =>
        users.detach(await groupOf(signal), user, signal),
      ),
  }
}

/**
 * Lets timers run that are overdue, before a call that gives access: where the process stood still while it waited for
 * an answer, the one that ends its lease is among them, and aborts the signal.
 *
 * @throws the signal's reason
 */
async function noticeLateness(signal: AbortSignal): Promise<void> {
  await wait(1)
  signal.throwIfAborted()
}

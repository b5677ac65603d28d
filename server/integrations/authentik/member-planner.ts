import type {
  Change,
  DesiredMember,
  DesiredTenant,
  PlannedChange,
  StepPlan,
  StepPlanner,
} from '#server/provisioning/step-planner.port'
import { survivesJson } from './attributes'
import { failed, RefusedError } from './failure'
import type { Groups } from './groups'
import { freshAttributes, markOf, marks, userIdOf, withMark, type Mark } from './marks'
import { usernameOf, whoIs } from './people'
import { membersResource } from './member-resource'
import type { Users } from './users'
import type { Group, User } from './wire'

/**
 * The step `members`: who is in the tenant's group, and so gets into the tenant by the `groups` claim. The rule is
 * docs/decisions/0038: a member is found by our stamp or by e-mail address, or made; whom Tenantry holds to be a member
 * is marked, and only who is marked is taken out when they leave. Whom somebody put there by hand stays, and becomes a
 * member by logging in; whom the provider's groups made a member is never put back by us. While the tenant is closed
 * the group is empty, and who was in it comes back with the tenant. Nobody's account is ever deleted.
 *
 * A plan takes a call for each 100 in the group and two more; who is missing there is looked for among all users.
 */
export function createMemberPlanner({ groups, users }: { groups: Groups; users: Users }): StepPlanner {
  const ownGroup = async (tenant: DesiredTenant, signal: AbortSignal) => {
    const found = await groups.list(tenant.slug, signal)
    const ours = found.filter(({ attributes }) => attributes.tenantId === tenant.id)
    return ours.sort((one, other) => (one.pk < other.pk ? -1 : 1))[0]
  }
  const theGroup = async (tenant: DesiredTenant, signal: AbortSignal) => {
    const group = await ownGroup(tenant, signal)
    if (group) return group
    throw failed('unavailable', `Authentik has no group ${tenant.slug} of ours: its own step comes first`)
  }

  async function mark(
    user: User,
    tenant: DesiredTenant,
    to: Mark | null,
    signal: AbortSignal,
    userId?: string,
  ) {
    const isMarked = (markOf(user, tenant.id) ?? null) === to
    if (isMarked && (userId === undefined || userIdOf(user) === userId)) return
    if (!survivesJson(user.attributes)) return
    await users.replaceAttributes(user, withMark(user, tenant.id, to, userId), signal)
  }

  function makes(tenant: DesiredTenant, group: Group | undefined) {
    const theirs = (during: AbortSignal) => (group ? Promise.resolve(group) : theGroup(tenant, during))
    const into = { group: { from: null, to: tenant.slug } }
    const outOf = { group: { from: tenant.slug, to: null } }
    const change = (
      of: Omit<Change, 'kind'>,
      apply: (signal: AbortSignal) => Promise<unknown>,
    ): PlannedChange => ({
      ...{ kind: 'member', ...of },
      apply: async (signal) => void (await apply(signal)),
    })
    return {
      create: (member: DesiredMember & { email: string }) =>
        change({ action: 'create', name: member.email, fields: into }, async (signal) => {
          const { userId, email, name } = member
          const { pk } = await theirs(signal)
          const username = usernameOf(member)
          const attributes = freshAttributes(userId, tenant.id)
          try {
            await users.create({ username, email, name, attributes, groups: [pk] }, signal)
          } catch (error) {
            // Somebody was quicker: who they made is looked at when it is planned again.
            if (!(error instanceof RefusedError && error.fields.includes('username'))) throw error
          }
        }),
      attach: (user: User, { userId }: DesiredMember) =>
        change(
          { action: userIdOf(user) === userId ? 'update' : 'adopt', name: nameOf(user), fields: into },
          async (signal) => {
            // Marked first: cut off after that, nobody is in who could not be taken out again.
            await mark(user, tenant, 'in', signal, userId)
            await users.attach(await theirs(signal), user, signal)
          },
        ),
      adopt: (user: User, { userId }: DesiredMember) =>
        change({ action: 'adopt', name: nameOf(user) }, (signal) => mark(user, tenant, 'in', signal, userId)),
      leave: (user: User) =>
        change({ action: 'update', name: nameOf(user), fields: outOf }, async (signal) => {
          await users.detach(await theirs(signal), user, signal)
          await mark(user, tenant, 'out', signal)
        }),
      close: (user: User, to: 'out' | 'held') =>
        change({ action: 'update', name: nameOf(user), fields: outOf }, async (signal) => {
          await mark(user, tenant, to, signal)
          await users.detach(await theirs(signal), user, signal)
        }),
      back: (user: User) =>
        change({ action: 'update', name: nameOf(user), fields: into }, async (signal) => {
          await users.attach(await theirs(signal), user, signal)
          await mark(user, tenant, null, signal)
        }),
      expel: (user: User) =>
        change({ action: 'update', name: nameOf(user), fields: outOf }, async (signal) =>
          users.detach(await theirs(signal), user, signal),
        ),
      forget: (user: User) =>
        change({ action: 'update', name: nameOf(user) }, (signal) => mark(user, tenant, null, signal)),
    }
  }

  async function planOpen(tenant: DesiredTenant, group: Group | undefined, signal: AbortSignal) {
    const make = makes(tenant, group)
    const present = group ? await users.inGroup(group, signal) : []
    const held = await users.marked(tenant.id, 'held', signal)
    const inside = new Set(present.map(({ pk }) => pk))
    const missing = tenant.members.filter((member) => !foundUser(member, present))
    const others = (await users.find(missing, signal)).filter(({ pk }) => !inside.has(pk))
    const everybody = [...present, ...others]
    const matched = new Set<number>()
    const changes: PlannedChange[] = []
    const notes: string[] = []

    for (const member of tenant.members) {
      const who = whoIs(member, present) ?? whoIs(member, everybody)
      const called = member.email ?? member.name
      if (who && 'note' in who) notes.push(who.note)
      else if (who && matched.has(who.user.pk)) continue
      else if (who && !survivesJson(who.user.attributes) && markOf(who.user, tenant.id) !== 'in') {
        matched.add(who.user.pk)
        notes.push(
          `Authentik's user ${who.user.username} has an attribute with a number too large to be written back.`,
        )
      } else if (who) {
        const { user } = who
        matched.add(user.pk)
        const isMarked = markOf(user, tenant.id) === 'in' && userIdOf(user) === member.userId
        if (!inside.has(user.pk)) {
          if (member.fromIdp && markOf(user, tenant.id) !== 'out') notes.push(leftThere(called))
          else changes.push(make.attach(user, member))
        } else if (!isMarked) changes.push(make.adopt(user, member))
      } else if (member.fromIdp) notes.push(leftThere(called))
      else if (member.email === null)
        notes.push(`${called} has no e-mail address, by which Authentik would know them.`)
      else changes.push(make.create({ ...member, email: member.email }))
    }

    const rest = present.filter(({ pk }) => !matched.has(pk))
    for (const user of rest) {
      const marked = markOf(user, tenant.id)
      if (marked === 'in') changes.push(make.leave(user))
      if (marked === 'held') changes.push(make.forget(user))
    }
    for (const user of held) if (!inside.has(user.pk) && !matched.has(user.pk)) changes.push(make.back(user))
    const strangers = rest.filter((user) => markOf(user, tenant.id) !== 'in')
    if (strangers.length > 0) notes.push(strangersInWords(strangers))
    return {
      resources: group
        ? [
            membersResource(
              group,
              present.map(({ pk }) => pk),
            ),
          ]
        : [],
      changes,
      notes,
    }
  }

  async function planClosed(tenant: DesiredTenant, group: Group, signal: AbortSignal): Promise<StepPlan> {
    const make = makes(tenant, group)
    const present = await users.inGroup(group, signal)
    const members = new Set(tenant.members.flatMap((member) => foundUser(member, present)?.pk ?? []))
    const changes = present.map((user) =>
      make.close(user, members.has(user.pk) || markOf(user, tenant.id) === 'in' ? 'out' : 'held'),
    )
    return {
      resources: [
        membersResource(
          group,
          present.map(({ pk }) => pk),
        ),
      ],
      changes,
      notes: [],
    }
  }

  async function planPurged(tenant: DesiredTenant, group: Group | undefined, signal: AbortSignal) {
    const make = makes(tenant, group)
    const present = group ? await users.inGroup(group, signal) : []
    const changes = present.map((user) => make.expel(user))
    for (const each of marks)
      changes.push(...(await users.marked(tenant.id, each, signal)).map((user) => make.forget(user)))
    return {
      resources: group
        ? [
            membersResource(
              group,
              present.map(({ pk }) => pk),
            ),
          ]
        : [],
      changes,
      notes: [],
    }
  }

  return {
    service: 'authentik',
    step: 'members',
    async plan(tenant, _known, signal) {
      const group = await ownGroup(tenant, signal)
      if (tenant.state === 'purged') return planPurged(tenant, group, signal)
      if (tenant.state === 'active') return planOpen(tenant, group, signal)
      return group ? planClosed(tenant, group, signal) : { resources: [], changes: [], notes: [] }
    },
    async survey(cursor, signal) {
      const { results, next } = await groups.page(cursor === null ? 1 : Number(cursor), signal)
      return {
        found: results.flatMap((group) => {
          const { tenantId } = group.attributes
          if (typeof tenantId !== 'string') return []
          if (!group.users)
            throw failed('contract', `Authentik does not tell who is in the group ${group.name}`)
          return [{ ...membersResource(group, group.users), tenantId }]
        }),
        next: next > 0 ? String(next) : null,
      }
    },
  }
}

function foundUser(member: DesiredMember, among: readonly User[]): User | undefined {
  const who = whoIs(member, among)
  return who && 'user' in who ? who.user : undefined
}

const nameOf = ({ email, username }: User) => email || username

const leftThere = (called: string) =>
  `${called} is no longer in the group at Authentik, which made them a member: their next login ends that.`

function strangersInWords(strangers: readonly User[]): string {
  const named = strangers.slice(0, 3).map(nameOf).join(', ')
  const more = strangers.length > 3 ? ` and ${strangers.length - 3} more` : ''
  return `In the group by hand, and members once they log in: ${named}${more}.`
}

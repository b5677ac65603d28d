import type {
  DesiredTenant,
  PlannedChange,
  StepPlan,
  StepPlanner,
} from '#server/provisioning/step-planner.port'
import { accessIn } from './access'
import { survivesJson } from './attributes'
import { failed } from './failure'
import type { Groups } from './groups'
import type { LeaseAccounts } from './lease-accounts'
import { canBeMarked } from './mark-writer'
import { marksOf, type Marks } from './marks'
import { createMemberChanges, reasons } from './member-changes'
import { membersResource } from './member-resource'
import { nameOf, peopleAmong } from './people'
import { leaseTenantOf, userIdOf } from './stamp'
import type { Users } from './users'
import type { Group, User } from './wire'

const nothing: StepPlan = { resources: [], changes: [], notes: [] }

/**
 * The step `members`: who is in the tenant's group, and so gets into the tenant by the `groups` claim. The rule is
 * docs/decisions/0038: a member is found by our stamp or by e-mail address, or made; who lost their access by Tenantry's
 * own record is taken out, and whom Tenantry took out is marked in the group's attributes. Whom somebody put there by
 * hand stays, and becomes a member by logging in; whom the provider's groups made a member is never put back by us.
 * While the tenant is closed the group is empty, and who was in it comes back with the tenant. Nobody's account is ever
 * deleted.
 *
 * The account that leases mint tokens of is left alone while the tenant is open, and is nothing that goes on record.
 *
 * A plan takes a call, and one more for each 100 in the group; who is missing there is looked for among all users.
 */
export function createMemberPlanner(tools: {
  groups: Groups
  users: Users
  leaseAccounts: LeaseAccounts
}): StepPlanner {
  const { groups, users, leaseAccounts } = tools
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
  const presentIn = async (group: Group | undefined, signal: AbortSignal) =>
    group && group.users?.length !== 0 ? users.inGroup(group, signal) : []
  const changesOf = (tenant: DesiredTenant, group: Group | undefined) =>
    createMemberChanges(tools, tenant, (during) =>
      group ? Promise.resolve(group) : theGroup(tenant, during),
    )

  /** Those who are not in the group and come back with the tenant. */
  const heldOutside = (marks: Marks, inside: ReadonlySet<number>, signal: AbortSignal) =>
    users.byPk(
      [...marks].flatMap(([pk, mark]) => (mark === 'held' && !inside.has(pk) ? [pk] : [])),
      signal,
    )

  async function planOpen(tenant: DesiredTenant, group: Group | undefined, signal: AbortSignal) {
    const make = changesOf(tenant, group)
    const everyone = await presentIn(group, signal)
    const present = everyone.filter((user) => leaseTenantOf(user) !== tenant.id)
    const marks: Marks = group && canBeMarked(group) ? marksOf(group) : new Map()
    const inside = new Set(present.map(({ pk }) => pk))
    const known = peopleAmong(present)
    const missing = tenant.members.filter((member) => !known.isStamped(member))
    const others = (await users.find(missing, signal)).filter(({ pk }) => !inside.has(pk))
    const held = await heldOutside(marks, inside, signal)
    const everybody = peopleAmong([...present, ...others])
    const matched = new Set<number>()
    const changes: PlannedChange[] = []
    const notes: string[] = []

    for (const member of tenant.members) {
      const who = everybody.whoIs(member)
      const called = member.email ?? member.name
      if (who && 'note' in who) {
        notes.push(who.note)
        // Nobody is let in, and whoever of them is in is none that left.
        for (const { pk } of who.among) if (!marks.has(pk)) matched.add(pk)
      } else if (who && matched.has(who.user.pk)) continue
      else if (who) {
        const { user } = who
        const mark = marks.get(user.pk)
        const isStamped = userIdOf(user) === member.userId
        matched.add(user.pk)
        if (!isStamped && !survivesJson(user.attributes)) notes.push(cannotBeStamped(user))
        else if (!inside.has(user.pk) && member.fromIdp && !mark) notes.push(leftThere(called))
        else if (!inside.has(user.pk)) changes.push(make.attach(user, member, mark))
        else if (!isStamped || mark) changes.push(make.adopt(user, member, mark))
      } else if (member.fromIdp) notes.push(leftThere(called))
      else if (member.email === null)
        notes.push(`${called} has no e-mail address, by which Authentik would know them.`)
      else changes.push(make.create({ ...member, email: member.email }))
    }

    const outs: PlannedChange[] = []
    const left = leftAmong(tenant, [...present, ...held])
    const rest = present.filter(({ pk }) => !matched.has(pk))
    const strangers: User[] = []
    for (const user of rest) {
      const mark = marks.get(user.pk)
      if (left.has(user)) outs.push(make.takeOut(user, 'out', reasons.left))
      else if (mark === 'out') outs.push(make.takeOut(user, 'out', reasons.takenOutBefore))
      else {
        strangers.push(user)
        if (mark === 'held') changes.push(make.forget(user))
      }
    }
    for (const user of held)
      if (!matched.has(user.pk)) changes.push(left.has(user) ? make.keepOut(user) : make.putBack(user))
    if (strangers.length > 0) notes.push(strangersInWords(strangers))
    if (group && !canBeMarked(group)) notes.push(cannotBeMarked(group))
    // Who leaves comes first: nothing that goes wrong with others holds them in.
    return { ...seen(tenant, group, everyone), changes: [...outs, ...changes], notes }
  }

  async function planClosed(tenant: DesiredTenant, group: Group, signal: AbortSignal): Promise<StepPlan> {
    const make = changesOf(tenant, group)
    const present = await presentIn(group, signal)
    const marks = marksOf(group)
    const known = peopleAmong(present)
    const members = new Set(
      tenant.members.flatMap((member) => {
        const who = known.whoIs(member)
        return who && 'user' in who ? [who.user] : []
      }),
    )
    const inside = new Set(present.map(({ pk }) => pk))
    const held = tenant.former?.length ? await heldOutside(marks, inside, signal) : []
    const left = leftAmong(tenant, [...present, ...held])
    const changes = present.map((user) => {
      const isOut = members.has(user) || left.has(user)
      return make.takeOut(user, isOut ? 'out' : (marks.get(user.pk) ?? 'held'))
    })
    for (const user of held) if (left.has(user)) changes.push(make.keepOut(user))
    const notes = canBeMarked(group) ? [] : [cannotBeMarked(group)]
    return { ...seen(tenant, group, present), changes, notes }
  }

  /** Marks go with the group. */
  async function planPurged(tenant: DesiredTenant, group: Group, signal: AbortSignal): Promise<StepPlan> {
    const make = changesOf(tenant, group)
    const present = await presentIn(group, signal)
    return { ...seen(tenant, group, present), changes: present.map((user) => make.expel(user)), notes: [] }
  }

  return {
    service: 'authentik',
    step: 'members',
    async plan(tenant, _known, signal) {
      const group = await ownGroup(tenant, signal)
      if (tenant.state === 'active') return planOpen(tenant, group, signal)
      if (!group) return { ...nothing, ...seen(tenant, group, []) }
      return tenant.state === 'closed' ? planClosed(tenant, group, signal) : planPurged(tenant, group, signal)
    },
    async survey(cursor, signal) {
      if (cursor === null) leaseAccounts.forget()
      const { results, next } = await groups.page(cursor === null ? 1 : Number(cursor), signal)
      const ours = results.flatMap((group) => {
        const { tenantId } = group.attributes
        if (typeof tenantId !== 'string') return []
        if (!group.users)
          throw failed('contract', `Authentik does not tell who is in the group ${group.name}`)
        return [{ group, tenantId, users: group.users }]
      })
      const others = await leaseAccounts.without(ours, signal)
      return {
        found: ours.map(({ group, tenantId }, index) => ({
          ...membersResource(group, others[index] ?? []),
          tenantId,
        })),
        next: next > 0 ? String(next) : null,
      }
    },
  }
}

/** What was read, as far as it goes on record. */
function seen(tenant: DesiredTenant, group: Group | undefined, present: readonly User[]) {
  const lent = new Set(present.filter((user) => leaseTenantOf(user) === tenant.id).map(({ pk }) => pk))
  const pks = group?.users ?? present.map(({ pk }) => pk)
  const others = pks.filter((pk) => !lent.has(pk))
  return {
    resources: group ? [membersResource(group, others)] : [],
    accessOf: accessIn(
      tenant,
      group,
      present.filter(({ pk }) => !lent.has(pk)),
    ),
  }
}

function leftAmong(tenant: DesiredTenant, users: readonly User[]): ReadonlySet<User> {
  const { accountsOf } = peopleAmong(users)
  return new Set((tenant.former ?? []).flatMap((former) => accountsOf(former, tenant.members)))
}

const cannotBeStamped = ({ username }: User) =>
  `Authentik's user ${username} has an attribute with a number too large to be written back.`

const cannotBeMarked = ({ name }: Group) =>
  `Authentik's group ${name} has an attribute with a number too large to be written back: whoever is taken out does not come back with the tenant.`

const leftThere = (called: string) =>
  `${called} is no longer in the group at Authentik, which made them a member: their next login ends that.`

function strangersInWords(strangers: readonly User[]): string {
  const named = strangers.slice(0, 3).map(nameOf).join(', ')
  const more = strangers.length > 3 ? ` and ${strangers.length - 3} more` : ''
  return `In the group by hand, and members once they log in: ${named}${more}.`
}

import { sha256 } from '#server/lib/ids'
import type { DesiredTenant } from './desired'
import {
  theirName,
  type AccessRead,
  type PlannedChange,
  type Resource,
  type StepPlanner,
} from '#server/provisioning/step-planner.port'
import { failed } from './failure'
import { findSpaces, type SpaceHints } from './found'
import { compareMembers, type Holder, type MemberChange } from './member-plan'
import { createMemberWrites } from './member-writes'
import type { People } from './people'
import type { Permissions } from './permissions'
import { isDisabled, type Spaces } from './spaces'
import type { Drive } from './wire'

/**
 * The step `members`: who is in the tenant's space. People are known by their e-mail address; who has no account there
 * yet is noted and looked at again, or gets one where `createUsers` says so. `externalId` is the space's id.
 *
 * A plan takes four calls for any number of members, and up to eight more where that spares the list of all accounts.
 * The last change of a plan reads who is in the space once more, and fails where the server did not do what it said.
 *
 * While the tenant is closed nothing changes: a disabled space lets nobody in, and does not show who is in it.
 */
export function createMemberStep(tools: {
  spaces: Spaces
  hints: SpaceHints
  people: People
  permissions: Permissions
  createUsers: boolean
}): StepPlanner {
  const { spaces, hints, people, permissions, createUsers } = tools
  const writes = createMemberWrites({ people, permissions })

  async function openSpace(tenant: DesiredTenant, signal: AbortSignal): Promise<Drive> {
    const { main } = await findSpaces(spaces, tenant, null, 'all', signal)
    if (main && !isDisabled(main)) return main
    const state = main ? 'is disabled' : 'is not there'
    throw failed('rejected', `The space of ${tenant.name} ${state}: its own step comes first`, {
      retryable: true,
    })
  }

  return {
    service: 'ocis',
    step: 'members',

    async plan(tenant, { externalId }, signal) {
      if (tenant.state === 'purged') return { resources: [], changes: [], notes: [] }
      const knownId = externalId ?? hints.recall(tenant.id)
      const { main: space } = await findSpaces(spaces, tenant, knownId, 'main', signal)
      if (space && (tenant.state === 'closed' || isDisabled(space))) {
        const notes =
          tenant.state === 'closed' ? [] : ['The space is disabled; who is in it is seen once it is open']
        const accessOf = () => ({ hasAccess: false, found: 'The space is disabled: nobody gets in.' })
        return { resources: [resourceOf(space, null)], changes: [], notes, accessOf }
      }
      if (tenant.state === 'closed') return { resources: [], changes: [], notes: [] }

      const emails = tenant.members.flatMap(({ email }) => email ?? [])
      const [me, present] = await Promise.all([
        people.me(signal),
        space ? permissions.list(space, signal) : [],
      ])
      const accounts = await people.find(emails, signal)
      const { holders, changes, notes } = compareMembers(tenant.members, accounts, present, me, createUsers)
      const planned: PlannedChange[] = writes.plan(changes, (during) =>
        space ? Promise.resolve(space) : openSpace(tenant, during),
      )
      return {
        resources: space ? [resourceOf(space, holders)] : [],
        changes: planned,
        notes,
        accessOf: accessIn(tenant, holders, changes),
      }
    },
  }
}

/**
 * An account is told by its address alone, which a person who left may have taken along: they are not in the space
 * because everybody who is has the address of a member.
 */
function accessIn(tenant: DesiredTenant, holders: readonly Holder[], changes: readonly MemberChange[]) {
  const leaving = changes.filter((change) => change.do === 'remove').length
  return (userId: string): AccessRead => {
    if (tenant.members.some((member) => member.userId === userId))
      return { hasAccess: true, found: `${theirName} is a member.` }
    if (leaving > 0) return { hasAccess: true, found: `${leaving} people who left are still in the space.` }
    const who =
      holders.length === 0
        ? 'nobody is'
        : holders.length === 1
          ? '1 person is, who is a member'
          : `${holders.length} people are, all of them members`
    return { hasAccess: false, found: `${theirName} is not in the space; ${who}.` }
  }
}

function resourceOf({ id, name }: Drive, holders: Holder[] | null): Resource {
  const present = holders?.map(({ userId, role }) => `${userId} ${role}`).sort()
  const fingerprint = present ? sha256(JSON.stringify(present)) : 'disabled'
  return { kind: 'members', name, externalId: id, fingerprint }
}

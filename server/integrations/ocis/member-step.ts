import { sha256 } from '#server/lib/ids'
import type { DesiredTenant } from './desired'
import {
  theirName,
  type AccessRead,
  type Resource,
  type StepPlan,
  type StepPlanner,
} from '#server/provisioning/step-planner.port'
import { failed } from './failure'
import { findSpaces, type SpaceHints } from './found'
import type { LeaseAccounts } from './lease-accounts'
import { compareMembers, type Holder, type MemberChange } from './member-plan'
import { createMemberWrites } from './member-writes'
import type { People } from './people'
import type { Permissions } from './permissions'
import { isDisabled, type Spaces } from './spaces'
import type { Drive, Permission, User } from './wire'

/**
 * The step `members`: who is in the tenant's space. People are known by their e-mail address; who has no account there
 * yet is noted and looked at again, or gets one where `createUsers` says so. `externalId` is the space's id.
 *
 * A plan takes three calls for any number of members, where they have addresses of one domain, and up to seven more where
 * that spares the list of all accounts. The last change of a plan reads who is in the space once more, and fails where
 * the server did not do what it said; the plan that follows for the same asking goes by that, and reads nothing again.
 *
 * The accounts that leases mint tokens of are left alone, and are nothing that goes on record.
 *
 * While the tenant is closed nothing changes: a disabled space lets nobody in, and does not show who is in it.
 */
export function createMemberStep(tools: {
  spaces: Spaces
  hints: SpaceHints
  /** The service account that asks. */
  ownUser: (signal: AbortSignal) => Promise<User>
  people: People
  permissions: Permissions
  accounts: LeaseAccounts
  createUsers: boolean
}): StepPlanner {
  const { spaces, hints, ownUser, people, permissions, accounts: leaseAccounts, createUsers } = tools
  const writes = createMemberWrites({ people, permissions })
  /** What was read after the last change, for the next plan, and for what was read before it. */
  const proofs = new WeakMap<DesiredTenant, Reading>()

  async function openSpace(tenant: DesiredTenant, signal: AbortSignal): Promise<Drive> {
    const { main } = await findSpaces(spaces, tenant, null, 'all', signal)
    if (main && !isDisabled(main)) return main
    const state = main ? 'is disabled' : 'is not there'
    throw failed('rejected', `The space of ${tenant.name} ${state}: its own step comes first`, {
      retryable: true,
    })
  }

  /** Who is in a space, and who of the members has which accounts. */
  async function read(
    tenant: DesiredTenant,
    space: Drive | undefined,
    signal: AbortSignal,
  ): Promise<Reading> {
    const present = space ? await permissions.list(space, signal) : []
    const emails = tenant.members.flatMap(({ email }) => email ?? [])
    return { space, present, accounts: await people.find(emails, signal) }
  }

  async function planOpen(
    tenant: DesiredTenant,
    { space, present, accounts }: Reading,
    signal: AbortSignal,
  ): Promise<StepPlan> {
    const me = await ownUser(signal)
    const compare = (lent?: ReadonlySet<string>) =>
      compareMembers(tenant.members, accounts, present, me, createUsers, lent)
    const first = compare()
    // Whoever is nobody's, and no more than a viewer, may be the account of a lease.
    const nobodys = first.changes.flatMap((one) =>
      one.do === 'remove' && one.holder.role === 'Viewer' ? [one.holder.userId] : [],
    )
    const lent = await leaseAccounts.among(tenant.id, nobodys, signal)
    const { holders, changes, notes } = lent.size > 0 ? compare(lent) : first
    // Who gets an account is looked for again, since others may get the same address.
    const isProof = !changes.some((change) => change.do === 'create')
    const planned = writes.plan(changes, {
      spaceOf: (during) => (space ? Promise.resolve(space) : openSpace(tenant, during)),
      proved: (drive, now) => {
        if (isProof) proofs.set(tenant, { space: drive, present: now, accounts })
      },
    })
    return {
      resources: space ? [resourceOf(space, holders)] : [],
      changes: planned,
      notes,
      accessOf: accessIn(tenant, holders, changes),
    }
  }

  return {
    service: 'ocis',
    step: 'members',

    async plan(tenant, { externalId }, signal) {
      signal.throwIfAborted()
      const proof = proofs.get(tenant)
      proofs.delete(tenant)
      if (proof) return planOpen(tenant, proof, signal)
      if (tenant.state === 'purged') return { resources: [], changes: [], notes: [] }
      const knownId = externalId ?? hints.recall(tenant.id)
      const { main: space } = await findSpaces(spaces, tenant, knownId, 'main', signal)
      if (space && (tenant.state === 'closed' || isDisabled(space))) {
        const notes =
          tenant.state === 'closed' ? [] : ['The space is disabled; who is in it is seen once it is open']
        const accessOf = () => ({ hasAccess: false, found: 'The space is disabled: nobody gets in.' })
        const isPartial = tenant.state !== 'closed'
        return { resources: [resourceOf(space, null)], changes: [], notes, accessOf, isPartial }
      }
      if (tenant.state === 'closed') return { resources: [], changes: [], notes: [] }
      return planOpen(tenant, await read(tenant, space, signal), signal)
    },
  }
}

/** What a plan goes by. */
interface Reading {
  /** Open; undefined where there is none yet. */
  space: Drive | undefined
  present: readonly Permission[]
  /** By e-mail address in lower case. */
  accounts: ReadonlyMap<string, readonly User[]>
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

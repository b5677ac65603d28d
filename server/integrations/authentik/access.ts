import { theirName, type AccessRead, type DesiredTenant } from '#server/provisioning/step-planner.port'
import { peopleAmong } from './people'
import type { Group, User } from './wire'

/**
 * Tells of single people whether they are in a tenant's group, from what was read of it.
 *
 * @param group undefined: there is none
 */
export function accessIn(
  tenant: DesiredTenant,
  group: Group | undefined,
  present: readonly User[],
): (userId: string) => AccessRead {
  const { accountsOf } = peopleAmong(present)
  const count = present.length === 1 ? '1 person is' : `${present.length || 'no'} people are`
  return (userId) => {
    if (tenant.members.some((member) => member.userId === userId))
      return { hasAccess: true, found: `${theirName} is a member.` }
    const former = tenant.former?.find((each) => each.userId === userId) ?? { userId, email: null }
    if (accountsOf(former, tenant.members).length > 0)
      return { hasAccess: true, found: `${theirName} is still in the group ${tenant.slug}.` }
    if (!group)
      return { hasAccess: false, found: `There is no group ${tenant.slug} for ${theirName} to be in.` }
    // Of who was erased nothing but the stamp tells an account.
    const words =
      former.email === null
        ? `Nobody in the group ${group.name} is known to be ${theirName}`
        : `${theirName} is not in the group ${group.name}`
    return { hasAccess: false, found: `${words}; ${count}.` }
  }
}

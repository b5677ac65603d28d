import type { UpdateProfile } from '#shared/contracts/users'
import type { CallerScope } from '#server/scope'
import { askOthers, showsAtServices } from './shown-at-services'
import { userError } from './users.errors'
import type { UserRow } from './users.store'

/** The caller themself. */
export async function getProfile(scope: CallerScope): Promise<UserRow> {
  return scope.stores.self.get()
}

/**
 * Changes what a person may change of their own; what their tenants' services know of them follows.
 *
 * @param version that the caller saw; undefined: whatever it is now
 * @throws AppError user.changed_meanwhile
 */
export async function updateProfile(
  scope: CallerScope,
  input: UpdateProfile,
  version?: number,
): Promise<UserRow> {
  const same = { access: false }
  const { user, asked } = await scope.transaction(async (stores) => {
    const before = await stores.self.get()
    const user = await stores.self.update(input, version)
    if (!user) throw userError('user.changed_meanwhile')
    const seen = ({ name, locale }: UserRow) => ({ name, locale })
    await stores.audit.record({
      action: 'user.profile_updated',
      subject: { kind: 'user', id: user.id },
      before: seen(before),
      after: seen(user),
    })
    return { user, asked: showsAtServices(before, user) ? await stores.ownPerson.askTenants(same) : [] }
  })
  await askOthers(scope, asked, (after) =>
    scope.transaction((stores) => stores.ownPerson.askTenants(same, after)),
  )
  return user
}

/** Most tenants that the home shows; the list of tenants shows the rest. */
const most = 200

/** What the portal's home shows of the caller: who they are, and the tenants that they are a member of. */
export async function overviewOf(scope: CallerScope) {
  const { self, ownTenants, ownSubscriptions } = scope.stores
  const [user, seen, subscribed] = await Promise.all([
    self.get(),
    ownTenants.list({ limit: most }),
    ownSubscriptions.list({ limit: most }),
  ])
  return { user, tenants: seen.items, subscriptions: subscribed.items }
}

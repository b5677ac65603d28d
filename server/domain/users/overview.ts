import type { CallerScope } from '#server/scope'

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

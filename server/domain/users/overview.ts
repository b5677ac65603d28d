import type { CallerScope } from '#server/scope'

/** Most tenants that the home shows; the list of tenants shows the rest. */
const most = 200

/** What the portal's home shows of the caller: who they are, and the tenants and subscriptions that they may see. */
export async function overviewOf(scope: CallerScope) {
  const { self, tenants, subscriptions } = scope.stores
  const [user, seen, subscribed] = await Promise.all([
    self.get(),
    tenants.list({ limit: most }),
    subscriptions.list({ limit: most }),
  ])
  return { user, tenants: seen.items, subscriptions: subscribed.items }
}

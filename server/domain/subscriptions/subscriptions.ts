import { plans, type Plan, type UpdateSubscription } from '#shared/contracts/subscriptions'
import type { AppError } from '#server/lib/errors'
import type { CallerScope, TenantScope } from '#server/scope'
import { subscriptionError } from './subscriptions.errors'
import type { SubscriptionFilter, SubscriptionRow } from './subscriptions.store'

/** A page of the subscriptions that the caller may see. */
export function listSubscriptions(scope: CallerScope, filter: SubscriptionFilter) {
  return scope.stores.subscriptions.list(filter)
}

/** The tenant's subscription. */
export function getSubscription(scope: TenantScope): Promise<SubscriptionRow> {
  return scope.stores.subscription.get()
}

/**
 * The error for one member too many.
 *
 * @param held seats that open invitations hold
 */
export function seatsExhausted(plan: Plan, held = 0): AppError {
  const { name, seats } = plans[plan]
  const holding = held === 0 ? '' : ` Open invitations hold ${held} of them.`
  return subscriptionError('subscription.seats_exhausted', {
    detail: `The plan ${name} has ${seats} seats.${holding}`,
  })
}

/**
 * Changes the tenant's plan.
 *
 * @param version that the caller saw; undefined: whatever it is now
 * @throws AppError subscription.does_not_fit, subscription.changed_meanwhile
 */
export async function changePlan(
  scope: TenantScope,
  { plan }: UpdateSubscription,
  version?: number,
): Promise<SubscriptionRow> {
  const changed = await scope.transaction(async (stores) => {
    const before = await stores.subscription.get()
    if (before.seatsUsed > plans[plan].seats)
      throw subscriptionError('subscription.does_not_fit', {
        detail: `${before.seatsUsed} members do not fit into the ${plans[plan].seats} seats of ${plans[plan].name}.`,
      })
    if (!(await stores.subscription.setPlan(plan, version)))
      throw subscriptionError('subscription.changed_meanwhile')
    await stores.steps.ask('changed')
    await stores.audit.record({
      action: 'subscription.plan_changed',
      subject: { kind: 'subscription', id: before.id },
      before: { plan: before.plan },
      after: { plan },
    })
    return stores.subscription.get()
  })
  scope.wake(scope.tenant.id)
  return changed
}

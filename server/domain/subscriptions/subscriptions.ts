import { plans, type Plan, type UpdateSubscription } from '#shared/contracts/subscriptions'
import type { AppError } from '#server/lib/errors'
import type { CallerScope, TenantScope } from '#server/scope'
import { givesLessRoom, misfits, type PlanUse } from './subscriptions.policy'
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

/** What the services say of what a tenant uses. */
export interface PlanUsage {
  readonly uses: readonly PlanUse[]
  /** The services that could not be asked, and why. */
  readonly unknown: readonly { readonly service: string; readonly why: string }[]
}

/**
 * Changes the tenant's plan. One that gives less room is refused where what is stored does not fit into it, and also
 * where a service that holds some of it can't be asked.
 *
 * @param usage reads what the services hold now; asked only where the plan gives less room
 * @param version that the caller saw; undefined: whatever it is now
 * @throws AppError subscription.does_not_fit, subscription.usage_unknown, subscription.changed_meanwhile
 */
export async function changePlan(
  scope: TenantScope,
  usage: () => Promise<PlanUsage>,
  { plan }: UpdateSubscription,
  version?: number,
): Promise<SubscriptionRow> {
  const now = await scope.stores.subscription.get()
  // The services are not asked within a transaction, which may run again and keeps others waiting.
  const { uses, unknown } = givesLessRoom(plan, now.plan) ? await usage() : { uses: [], unknown: [] }
  const changed = await scope.transaction(async (stores) => {
    const before = await stores.subscription.get()
    const reasons = misfits(plan, before.seatsUsed, uses)
    if (reasons.length > 0)
      throw subscriptionError('subscription.does_not_fit', { detail: reasons.join(' ') })
    if (unknown.length > 0)
      throw subscriptionError('subscription.usage_unknown', {
        detail: `${unknown.map(({ why }) => why).join(' ')} Try again once it answers.`,
      })
    // Which was asked for another plan than the one that is left.
    if (before.plan !== now.plan && givesLessRoom(plan, before.plan))
      throw subscriptionError('subscription.changed_meanwhile')
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

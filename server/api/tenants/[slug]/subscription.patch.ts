import { changePlan } from '#server/domain/subscriptions/subscriptions'
import { tenant } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { readUsage } from '#server/provisioning/usage'
import { Subscription, UpdateSubscription } from '#shared/contracts/subscriptions'

export default defineRoute({
  summary: "Changes the tenant's plan.",
  access: tenant('subscription:change'),
  body: UpdateSubscription,
  response: Subscription,
  etag: 'version',
  handle: ({ scope, body, ifMatch, container }) =>
    changePlan(scope, () => readUsage(scope, container), body, ifMatch),
})

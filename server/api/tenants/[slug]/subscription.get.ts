import { getSubscription } from '#server/domain/subscriptions/subscriptions'
import { tenant } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { Subscription } from '#shared/contracts/subscriptions'

export default defineRoute({
  summary: "The tenant's subscription.",
  access: tenant('subscription:read'),
  response: Subscription,
  etag: 'version',
  handle: ({ scope }) => getSubscription(scope),
})

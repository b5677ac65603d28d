import { listSubscriptions } from '#server/domain/subscriptions/subscriptions'
import { caller } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { SubscriptionPage, SubscriptionQuery } from '#shared/contracts/subscriptions'

export default defineRoute({
  summary: 'Subscriptions that the caller may see, newest first.',
  access: caller(),
  query: SubscriptionQuery,
  response: SubscriptionPage,
  handle: ({ scope, query }) => listSubscriptions(scope, query),
})

import { defineErrors } from '#server/lib/errors'

export const subscriptionError = defineErrors({
  'subscription.seats_exhausted': { status: 409, title: 'Every seat of the plan is taken.' },
  'subscription.does_not_fit': { status: 409, title: 'The tenant does not fit into this plan.' },
  'subscription.usage_unknown': {
    status: 409,
    title: 'Whether the tenant fits into this plan can not be found out now.',
  },
  'subscription.changed_meanwhile': { status: 412, title: 'The subscription was changed meanwhile.' },
})

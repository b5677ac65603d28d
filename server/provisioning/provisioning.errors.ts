import { defineErrors } from '#server/lib/errors'

export const provisioningError = defineErrors({
  'plan.stale': {
    status: 409,
    title: 'Something else is to be done now than the plan says. Look at it again.',
  },
  'onboarding.no_mail_server': { status: 409, title: 'This portal has no mail server.' },
  'drift.not_found': { status: 404, title: 'This is not known, or not any more.' },
  'drift.settled_already': {
    status: 409,
    title: 'This is over already, or is being repaired. Look at it again.',
  },
  'run.not_found': { status: 404, title: 'There is no such run.' },
})

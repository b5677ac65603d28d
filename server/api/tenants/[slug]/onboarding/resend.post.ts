import { tenant } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { resendOnboarding } from '#server/provisioning/resend-onboarding'
import { ResendOnboarding } from '#shared/contracts/onboarding'
import { RunStarted } from '#shared/contracts/provisioning'

export default defineRoute({
  summary: 'Has the onboarding mail sent again.',
  access: tenant('members:invite'),
  body: ResendOnboarding,
  response: RunStarted,
  status: 202,
  handle: ({ scope, body, container }) => resendOnboarding(scope, container, body),
})

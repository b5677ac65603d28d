import { tenant } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { ServiceAccountPath } from '#server/http/paths'
import { removeServiceAccount } from '#server/identities/service-accounts'

export default defineRoute({
  summary: 'Removes a service for which nothing acts any more.',
  access: tenant('machines:manage'),
  params: ServiceAccountPath,
  handle: ({ scope, params }) => removeServiceAccount(scope, params.id),
})

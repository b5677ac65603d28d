import { tenant } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { ApiTokenPath } from '#server/http/paths'
import { revokeApiToken } from '#server/identities/api-tokens'

export default defineRoute({
  summary: 'Ends an API token, for good.',
  access: tenant('machines:manage'),
  params: ApiTokenPath,
  handle: ({ scope, params }) => revokeApiToken(scope, params.id),
})

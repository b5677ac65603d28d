import { tenant } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { listApiTokens } from '#server/identities/api-tokens'
import { ApiTokenPage, ApiTokenQuery } from '#shared/contracts/machines'

export default defineRoute({
  summary: "The tenant's API tokens, newest first; those too that hold no more.",
  access: tenant('machines:manage'),
  query: ApiTokenQuery,
  response: ApiTokenPage,
  handle: ({ scope, query }) => listApiTokens(scope, query),
})

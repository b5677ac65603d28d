import { tenant } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { createApiToken } from '#server/identities/api-tokens'
import { CreateApiToken, CreatedApiToken } from '#shared/contracts/machines'

export default defineRoute({
  summary: 'Makes an API token, which this answer alone shows.',
  access: tenant('machines:manage'),
  stepUp: true,
  body: CreateApiToken,
  response: CreatedApiToken,
  status: 201,
  handle: ({ scope, body }) => createApiToken(scope, body),
})

import { testConnection } from '#server/domain/connections/connections'
import { tenant } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { ConnectionPath } from '#server/http/paths'
import { ConnectionTest, TestConnection } from '#shared/contracts/connections'

export default defineRoute({
  summary:
    "Calls the tenant's own service with the given or the stored credential, and tells what came back.",
  access: tenant('connections:manage'),
  params: ConnectionPath,
  body: TestConnection,
  stepUp: true,
  idempotency: 'never',
  response: ConnectionTest,
  handle: ({ scope, params, body, container }) => testConnection(scope, container, params.service, body),
})

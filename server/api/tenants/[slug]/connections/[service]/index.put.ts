import { putConnection } from '#server/domain/connections/connections'
import { tenant } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { ConnectionPath } from '#server/http/paths'
import { Connection, PutConnection } from '#shared/contracts/connections'

export default defineRoute({
  summary: "Sets the tenant's own connection to a service, in place of the platform's.",
  access: tenant('connections:manage'),
  params: ConnectionPath,
  body: PutConnection,
  stepUp: true,
  response: Connection,
  handle: ({ scope, params, body, container }) => putConnection(scope, container, params.service, body),
})

import { removeConnection } from '#server/domain/connections/connections'
import { tenant } from '#server/http/access'
import { defineRoute } from '#server/http/define-route'
import { ConnectionPath } from '#server/http/paths'

export default defineRoute({
  summary: "Removes the tenant's own connection to a service: the platform's is used again.",
  access: tenant('connections:manage'),
  params: ConnectionPath,
  stepUp: true,
  handle: ({ scope, params, container }) => removeConnection(scope, container, params.service),
})
